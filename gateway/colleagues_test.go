package gateway

import (
	"slices"
	"strings"
	"testing"

	"lotse/tunnel"
)

// company gives all accounts of a rig the same company.
func company(c *Config) { c.Company = "Example Support" }

// callFor opens a view stream as an advisor and returns the call that the agent receives.
func callFor(t *testing.T, a *tunnel.Advisor, c *customer, place string) tunnel.GatewayMessage {
	t.Helper()
	id, err := a.OpenStream(t.Context(), place, tunnel.KindView, tunnel.DoorPage)
	if err != nil {
		t.Fatal(err)
	}
	m := c.recv()
	if m.Type != tunnel.TypeCall || m.Stream != id {
		t.Fatalf("%+v", m)
	}
	return m
}

// TestColleagueStreams checks who may open streams in a session: its advisor, and an account that
// he has admitted, whose streams the agent can always tell apart.
func TestColleagueStreams(t *testing.T) {
	t.Parallel()
	r, o, c := joinedRig(t, company)
	bert := r.signIn("bert")
	people, err := o.a.Colleagues(t.Context())
	if err != nil || !slices.Equal(people, []tunnel.Person{{Name: "bert", Display: "Bert", Company: "Example Support"}}) {
		t.Errorf("%+v, %v", people, err)
	}
	for _, name := range []string{"", "nobody", "anna", strings.Repeat("x", 10_000)} {
		if _, err := o.a.Admit(t.Context(), o.place, name); !hasCode(err, tunnel.CodeNoColleague) {
			t.Errorf("%.20q admitted: %v", name, err)
		}
	}
	if _, err := bert.Admit(t.Context(), o.place, "bert"); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("admits himself: %v", err)
	}
	who, err := o.a.Admit(t.Context(), o.place, "bert")
	if err != nil || who.Display != "Bert" {
		t.Fatalf("%+v, %v", who, err)
	}
	m := callFor(t, bert, c, o.place)
	if m.Door != tunnel.DoorColleague || m.Advisor == nil || *m.Advisor != *who {
		t.Errorf("%+v", m)
	}
	// Each takes only his own streams.
	if _, err := o.a.DialStream(t.Context(), m.Stream); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("anna takes Bert's stream: %v", err)
	}
	annas := callFor(t, o.a, c, o.place)
	if annas.Door != tunnel.DoorPage || annas.Advisor.Name != "anna" {
		t.Errorf("%+v", annas)
	}
	if _, err := bert.DialStream(t.Context(), annas.Stream); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("Bert takes anna's stream: %v", err)
	}
	agent, err := c.c.DialAgentStream(t.Context(), m.Stream)
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	advisor, err := bert.DialStream(t.Context(), m.Stream)
	if err != nil {
		t.Fatal(err)
	}
	defer advisor.Close()
	echo(t, agent, advisor)

	// He sees the session, and whose it is; he can end it as little as open its other doors.
	list, err := bert.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Advisor == nil || list[0].Advisor.Name != "anna" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := bert.EndSession(t.Context(), o.place); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("ended by a colleague: %v", err)
	}
	if _, err := bert.ViewerPassword(t.Context(), o.door, tunnel.DoorVNC); !hasCode(err, tunnel.CodeNotFound) && !hasCode(err, tunnel.CodeForbidden) {
		t.Errorf("a viewer's password: %v", err)
	}
	if _, err := bert.Owner(t.Context(), o.place); err == nil {
		t.Error("a colleague owns the session")
	}

	// Being sent away ends his streams, and he can open no other.
	if err := bert.Expel(t.Context(), o.place, "bert"); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("expels himself: %v", err)
	}
	if err := o.a.Expel(t.Context(), o.place, "bert"); err != nil {
		t.Fatal(err)
	}
	if _, err := advisor.Read(make([]byte, 1)); err == nil {
		t.Error("his stream goes on")
	}
	if _, err := bert.OpenStream(t.Context(), o.place, tunnel.KindView, tunnel.DoorPage); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("after that: %v", err)
	}
	if list, err := bert.Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestColleagueTakesNoPlaces checks that a colleague cannot use up the streams of a session.
func TestColleagueTakesNoPlaces(t *testing.T) {
	t.Parallel()
	r, o, c := joinedRig(t, company)
	if _, err := o.a.Admit(t.Context(), o.place, "bert"); err != nil {
		t.Fatal(err)
	}
	bert := r.signIn("bert")
	for range colleagueStreams {
		callFor(t, bert, c, o.place)
	}
	if _, err := bert.OpenStream(t.Context(), o.place, tunnel.KindView, tunnel.DoorPage); !hasCode(err, tunnel.CodeLimit) {
		t.Errorf("one more: %v", err)
	}
	callFor(t, o.a, c, o.place)
}

// TestColleagueOfTheSameCompany checks that nobody of another company can be admitted or is listed.
func TestColleagueOfTheSameCompany(t *testing.T) {
	t.Parallel()
	_, o, _ := joinedRig(t) // Bert has no company
	if _, err := o.a.Admit(t.Context(), o.place, "bert"); !hasCode(err, tunnel.CodeNoColleague) {
		t.Errorf("%v", err)
	}
	if people, err := o.a.Colleagues(t.Context()); err != nil || len(people) != 0 {
		t.Errorf("%+v, %v", people, err)
	}
}

// TestSessionPassedOn checks that the customer's program can give the session to an account that
// was admitted, and to no other, that the one who had it has nothing any more, and that all of
// this survives a restart.
func TestSessionPassedOn(t *testing.T) {
	t.Parallel()
	r, o, c := joinedRig(t, company)
	bert := r.signIn("bert")
	if err := c.link.Passed("bert"); err != nil {
		t.Fatal(err)
	}
	callFor(t, o.a, c, o.place) // the gateway has read the message by now
	if _, err := bert.Owner(t.Context(), o.place); err == nil {
		t.Fatal("passed on to somebody who was not admitted")
	}
	if _, err := o.a.Admit(t.Context(), o.place, "bert"); err != nil {
		t.Fatal(err)
	}
	advisor, agent, _ := rawStream(t, o, c)
	if err := c.link.Passed("bert"); err != nil {
		t.Fatal(err)
	}
	o.state(tunnel.TypeReplaced)
	link, err := bert.Owner(t.Context(), o.place)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	if m, err := link.Recv(); err != nil || m.State != tunnel.StateJoined {
		t.Errorf("%+v, %v", m, err)
	}
	for _, conn := range []interface{ Read([]byte) (int, error) }{advisor, agent} {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("anna's stream goes on")
		}
	}
	for _, err := range []error{
		o.a.EndSession(t.Context(), o.place), o.a.Expel(t.Context(), o.place, "bert"),
		second(o.a.OpenStream(t.Context(), o.place, tunnel.KindView, tunnel.DoorPage)), second(o.a.Owner(t.Context(), o.place)),
	} {
		if err == nil {
			t.Error("anna still has the session")
		}
	}
	if m := callFor(t, bert, c, o.place); m.Door != tunnel.DoorColleague || m.Advisor.Name != "bert" {
		t.Errorf("%+v", m)
	}
	r2 := r.restart(company)
	if list, err := r2.signIn("bert").Sessions(t.Context()); err != nil || len(list) != 1 || list[0].Advisor != nil {
		t.Errorf("after a restart: %+v, %v", list, err)
	}
	if list, err := r2.signIn("anna").Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after a restart, anna: %+v, %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }
