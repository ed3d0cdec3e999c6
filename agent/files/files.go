// Package files keeps the files that the advisor has offered to the customer, and passes the bytes
// of one to the browser that saves it; tunnel/PROTOCOL.md, sections 6 and 7a. It writes no file.
package files

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"slices"

	"lotse/filename"
	"lotse/tunnel"
)

// OfferedFile is an offered file as a panel shows it; PANEL.md.
type OfferedFile struct {
	ID   string `json:"id"`
	Name string `json:"name"` // as filename.Clean returns it
	Size int64  `json:"size"` // in bytes
	Kind string `json:"kind"`
	// Given means that the customer gives the file to the advisor. Otherwise the advisor offers it.
	Given bool   `json:"given,omitempty"`
	State string `json:"state"`
	Why   string `json:"why,omitempty"` // with Ended
	Taken int64  `json:"taken"`         // bytes that the browser has taken
	// Key is in the address at which the file can be saved; only with Accepted.
	Key    string `json:"key,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // in hexadecimal; only with Done
}

// Values of OfferedFile.State.
const (
	Waiting  = "waiting"  // the customer has not answered yet
	Accepted = "accepted" // he wants it, and has not begun to save it
	Saving   = "saving"
	Done     = "done"
	Ended    = "ended" // not saved
)

// Values of OfferedFile.Why, beside those of tunnel.FileState.Why.
const (
	Withdrawn = "withdrawn" // by the advisor
	Over      = "over"      // the session is over
)

// Offer is one offered file. The list's user owns it.
type Offer[S comparable] struct {
	OfferedFile
	// Sender offered the file; the zero value if its control stream is lost.
	Sender S
	// Transfer is set with Saving, and Source if the customer gives the file.
	Transfer *Transfer
	Source   *tunnel.FileSender
	over     chan struct{} // closed when a file that the customer gives has ended
	// Stop closes the stream that brings the file; nil: there is none.
	Stop func()
	// Told is the state last reported to Sender.
	Told tunnel.FileState
	// Claims counts how often Sender changed, so that an old timer does not end the offer.
	Claims int
}

// live reports whether the offer has not ended.
func (o *Offer[S]) live() bool { return o.State != Done && o.State != Ended }

// maxShown is how many files are kept; of the ones that have ended, the latest.
const maxShown = 2 * tunnel.MaxFiles

// List holds the offers of a session, oldest first. S is what identifies a sender. The zero value
// is empty. Methods must not be called concurrently.
type List[S comparable] struct {
	Limits *tunnel.FileLimits // of the operator; nil: none
	offers []*Offer[S]
}

// Add adds what a sender offers, or gives an offer that it made before to it. The result is nil if
// the offer is not accepted; then why says why.
func (l *List[S]) Add(offer tunnel.FileOffer, from S) (o *Offer[S], why string) {
	if o := l.Find(offer.ID); o != nil {
		if name, _ := filename.Clean(offer.Name); o.Name != name || o.Size != offer.Size || o.Given {
			return nil, tunnel.FileBadName
		}
		o.Sender, o.Told = from, tunnel.FileState{}
		o.Claims++
		return o, ""
	}
	if o, why = l.add(offer); o != nil {
		o.Sender = from
	}
	return o, why
}

func (l *List[S]) add(offer tunnel.FileOffer) (o *Offer[S], why string) {
	name, ok := filename.Clean(offer.Name)
	switch {
	case !tunnel.ValidStreamID(offer.ID) || !ok:
		return nil, tunnel.FileBadName
	case offer.Size < 0 || offer.Size > tunnel.MaxFileSize:
		return nil, tunnel.FileTooLarge
	case l.live() >= tunnel.MaxFiles:
		return nil, tunnel.FileTooMany
	}
	kind := filename.KindOf(name)
	if !l.Limits.Allow(offer.Size, kind) {
		return nil, tunnel.FileForbidden
	}
	o = &Offer[S]{OfferedFile: OfferedFile{ID: offer.ID, Name: name, Size: offer.Size, Kind: kind, State: Waiting}}
	l.offers = append(l.offers, o)
	for len(l.offers) > maxShown {
		i := slices.IndexFunc(l.offers, func(o *Offer[S]) bool { return !o.live() })
		l.offers = slices.Delete(l.offers, i, i+1)
	}
	return o, ""
}

// Give adds a file that the customer gives. moved is called when bytes of it were taken. The result
// is nil if it is not accepted; then why says why.
func (l *List[S]) Give(offered string, size int64, source io.ReaderAt, moved func()) (o *Offer[S], why string) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails; crypto/rand
	o, why = l.add(tunnel.FileOffer{ID: base64.RawURLEncoding.EncodeToString(id[:]), Name: offered, Size: size})
	if o == nil {
		return nil, why
	}
	o.Given, o.over = true, make(chan struct{})
	o.Source = &tunnel.FileSender{ID: o.ID, Size: size, File: source, Moved: moved}
	return o, ""
}

func (l *List[S]) live() (n int) {
	for _, o := range l.offers {
		if o.live() {
			n++
		}
	}
	return n
}

// All returns the offers, oldest first. The slice must not be changed.
func (l *List[S]) All() []*Offer[S] { return l.offers }

// Find returns the offer with this ID; nil: there is none.
func (l *List[S]) Find(id string) *Offer[S] {
	for _, o := range l.offers {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// FindKey returns the offer that can be saved with this key; nil: there is none.
func (l *List[S]) FindKey(key string) *Offer[S] {
	for _, o := range l.offers {
		if key != "" && o.Key == key {
			return o
		}
	}
	return nil
}

// Next returns the oldest offer about which the customer must still be asked, of those whose sender
// is there; nil: there is none.
func (l *List[S]) Next() *Offer[S] {
	var nobody S
	for _, o := range l.offers {
		if o.State == Waiting && (o.Given || o.Sender != nobody) {
			return o
		}
	}
	return nil
}

// Shown returns the files as panels show them; nil if there are none.
func (l *List[S]) Shown() (all []OfferedFile) {
	for _, o := range l.offers {
		f := o.OfferedFile
		switch {
		case o.Transfer != nil:
			f.Taken = o.Transfer.Taken()
		case o.Source != nil:
			f.Taken = o.Source.Counted()
		}
		all = append(all, f)
	}
	return all
}

// Offer returns the message that offers the customer's file.
func (o *Offer[S]) Offer() tunnel.FileOffer {
	return tunnel.FileOffer{ID: o.ID, Name: o.Name, Size: o.Size}
}

// Accept notes the customer's yes.
func (o *Offer[S]) Accept() {
	if o.Given {
		o.State = Accepted
		return
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails; crypto/rand
	o.State, o.Key = Accepted, base64.RawURLEncoding.EncodeToString(key[:])
}

// Save notes that a browser saves the file; report is called now and then while its bytes arrive.
func (o *Offer[S]) Save(report func()) *Transfer {
	o.State, o.Key = Saving, ""
	o.Transfer = newTransfer(o.Size, report)
	return o.Transfer
}

// Finish notes that the file is saved.
func (o *Offer[S]) Finish() {
	switch {
	case !o.live():
	case o.Given:
		o.State, o.SHA256 = Done, o.Source.Sum()
		close(o.over)
	default:
		o.State, o.SHA256 = Done, o.Transfer.Sum()
		o.Transfer.End()
	}
}

// End ends the offer, and its transfer at once; why is a value of OfferedFile.Why. It does nothing
// if the offer has ended.
func (o *Offer[S]) End(why string) {
	if !o.live() {
		return
	}
	o.State, o.Why, o.Key = Ended, why, ""
	if o.Transfer != nil {
		o.Transfer.End()
	}
	if o.Given {
		close(o.over)
	}
	o.Cut()
}

// Over is closed when a file that the customer gives has ended; nil if the advisor offers it.
func (o *Offer[S]) Over() <-chan struct{} { return o.over }

// Cut closes the stream that brings the file, if there is one.
func (o *Offer[S]) Cut() {
	if o.Stop != nil {
		o.Stop()
	}
}

// Tell returns what the sender is told of the offer. still means that nothing may move now.
func (o *Offer[S]) Tell(still bool) tunnel.FileState {
	s := tunnel.FileState{ID: o.ID, State: o.State, Why: o.Why, SHA256: o.SHA256}
	switch o.State {
	case Saving:
		s.State = tunnel.FileWanted
		if still {
			s.State = tunnel.FileAccepted
		}
	case Ended:
		if o.Why == Withdrawn || o.Why == Over {
			s.Why = tunnel.FileCancelled
		}
	}
	return s
}
