// Package parties keeps who the advisors of a session are: the one whose number the customer has
// typed, and the colleagues whom the customer has admitted. One of them leads the session, and one
// of them may ask for control.
package parties

import (
	"slices"

	"lotse/agent/doornumbers"
	"lotse/tunnel"
)

// Party is one advisor.
type Party struct {
	// Static after the customer was asked.
	Who tunnel.Person // of a colleague
	May string        // what a colleague may do, one of tunnel's words; "" for the first advisor

	// Number is what a colleague's streams are sealed with; nil: the session's own number, or none
	// yet.
	Number *doornumbers.Number
	// Came means that the colleague has opened a stream.
	Came bool
	// Chat is the ID of the last line of the chat that was written before he came.
	Chat uint32
	// Told is the state that was sent last to the advisor who leads.
	Told string

	streams map[any]func()
	over    bool
}

// Parties are the advisors of one session. Methods must not be called concurrently.
type Parties struct {
	// Lead is the advisor who leads the session: he asks the customer for everything.
	Lead *Party
	// Holder is the only one whose viewers may have control and the clipboard.
	Holder *Party
	// Colleagues are the others.
	Colleagues []*Party
	// Asked is the colleague whom the customer is asked about, or will be; nil: none.
	Asked *Party

	first  *Party
	passes int
}

// maxPasses is how often control is passed on in one session. Each time the record has a line, and
// it must not be possible to fill it.
const maxPasses = 100

// MayPass reports whether control may be passed on once more, and counts it.
func (ps *Parties) MayPass() bool {
	ps.passes++
	return ps.passes <= maxPasses
}

// New returns a session with its first advisor.
func New() Parties {
	first := &Party{}
	return Parties{Lead: first, Holder: first, first: first}
}

// Find returns the colleague with that account name, or nil.
func (ps *Parties) Find(name string) *Party {
	i := slices.IndexFunc(ps.Colleagues, func(p *Party) bool { return p.Who.Name == name })
	if i < 0 {
		return nil
	}
	return ps.Colleagues[i]
}

// Arrived adds a stream that was sealed with a colleague's number, or with another one: nil, then
// door says by which door it came. It returns whose the stream is. leave must end the stream and
// must not block. Arrived returns nil if nobody has that number any more, or if the one who has it
// may not open streams of that kind.
func (ps *Parties) Arrived(number *doornumbers.Number, door, kind string, stream any, leave func()) *Party {
	p := ps.holds(number, door)
	switch {
	case p == nil || p.over:
		return nil
	case p != ps.Lead && kind != tunnel.KindControl && kind != tunnel.KindView:
		return nil
	}
	if p.streams == nil {
		p.streams = map[any]func(){}
	}
	p.streams[stream] = leave
	return p
}

// holds returns who has a number. That of a viewer that cannot seal is only given to the one who
// leads.
func (ps *Parties) holds(number *doornumbers.Number, door string) *Party {
	switch {
	case number == nil && (door == tunnel.DoorEntering || door == tunnel.DoorPage || door == tunnel.DoorHelper):
		return ps.first
	case number == nil:
		return ps.Lead
	case ps.Lead.Number == number:
		return ps.Lead
	}
	i := slices.IndexFunc(ps.Colleagues, func(p *Party) bool { return p.Number == number })
	if i < 0 {
		return nil
	}
	return ps.Colleagues[i]
}

// Left removes a stream.
func (p *Party) Left(stream any) { delete(p.streams, stream) }

// Points reports whether the party may point.
func (p *Party) Points() bool { return p.May != tunnel.ColleagueSees }

// Over reports whether the party is no longer in the session.
func (p *Party) Over() bool { return p.over }

// Dismiss removes a party and ends its streams. It reports whether it was the holder; then the one
// who leads the session is.
func (ps *Parties) Dismiss(p *Party) (held bool) {
	p.over = true
	ps.Colleagues = slices.DeleteFunc(slices.Clone(ps.Colleagues), func(other *Party) bool { return other == p })
	for _, leave := range p.streams {
		leave()
	}
	if held = ps.Holder == p; held {
		ps.Holder = ps.Lead
	}
	return held
}

// Pass makes a colleague the one who leads the session and the holder. It returns the one who led
// it, whom the caller must dismiss.
func (ps *Parties) Pass(to *Party) (before *Party) {
	before = ps.Lead
	ps.Lead, ps.Holder = to, to
	ps.Colleagues = slices.DeleteFunc(slices.Clone(ps.Colleagues), func(other *Party) bool { return other == to })
	return before
}
