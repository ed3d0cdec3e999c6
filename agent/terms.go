package agent

import (
	"encoding/hex"
	"net/url"
	"time"

	"lotse/plaintext"
	"lotse/record"
	"lotse/tunnel"
)

// TermsAsked are the terms that the gateway's operator asks the customer to accept.
type TermsAsked struct {
	Version string `json:"version"`
	Address string `json:"address"` // of the text, an https address of the gateway

	sha256 string
	number tunnel.Number // is entered when they are accepted
}

// Survey is a question of the gateway's operator after the session, and where the customer can
// answer it: an https address of the gateway. Nothing is sent unless he opens it.
type Survey struct {
	Question string `json:"question"`
	Address  string `json:"address"`
}

// ask makes f the question whether the customer accepts the terms. Terms without a version, or with
// a strange one, remain a refusal.
func (f *Failure) ask(t *tunnel.Terms, st *state) {
	if t == nil || t.Version == "" || plaintext.Line(t.Version, tunnel.MaxTermsVersion) != t.Version {
		return
	}
	sum, err := hex.DecodeString(t.SHA256)
	if address := addressAt(st.client.Gateway, tunnel.TermsPath); err == nil && len(sum) == 32 && address != "" {
		f.Terms = &TermsAsked{Version: t.Version, Address: address, sha256: t.SHA256, number: st.number}
	}
}

// addressAt returns the address of a path of the gateway; "" if the gateway's is not https.
func addressAt(gateway, path string) string {
	u, err := url.Parse(gateway)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return "https://" + u.Host + path
}

// AcceptTerms accepts the terms with this version, which the snapshot shows, and enters the number
// again.
type AcceptTerms struct{ Version string }

func (c AcceptTerms) do(st *state) error {
	if st.phase != PhaseNumber || st.failure == nil || st.failure.Terms == nil || st.failure.Terms.Version != c.Version {
		return nil
	}
	t := st.failure.Terms
	st.notes.Terms = &record.Terms{Version: t.Version, SHA256: t.sha256, At: time.Now().UTC().Truncate(time.Second)}
	st.notes.TermsOf = st.client.Gateway
	return EnterNumber{t.number}.do(st)
}

// acceptedTerms returns the version of the gateway's terms that the customer has accepted, or "".
func acceptedTerms(st *state) string {
	if t := st.notes.Terms; t != nil && st.notes.TermsOf == st.client.Gateway {
		return t.Version
	}
	return ""
}

// maxAnswer is the maximum length of the token with which the question at the end is answered.
const maxAnswer = 100

// asksAtEnd keeps the operator's question for the end of the session.
func asksAtEnd(st *state, question, answer string) {
	question = plaintext.Line(question, tunnel.MaxCustomerQuestion)
	address := addressAt(st.client.Gateway, tunnel.AnswerPath+url.PathEscape(answer))
	if question != "" && answer != "" && len(answer) <= maxAnswer && address != "" {
		st.pages.survey = &Survey{Question: question, Address: address}
	}
}
