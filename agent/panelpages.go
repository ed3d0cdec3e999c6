package agent

import "time"

// panelGrace is how long no page of the panel may be open before the panel counts as closed. A
// page that is loaded again is gone for a moment.
const panelGrace = 3 * time.Second

// panelPages is what is known about the open pages of the panel. A panel without pages, in a
// terminal, counts as open.
type panelPages struct {
	open   int
	closed bool // none is open, and none was for panelGrace
	// survey is shown on them at the end; nil: none.
	survey *Survey
}

// PageOpened says that a page of the panel has connected. The panel must send PageClosed when
// it is gone.
type PageOpened struct{}

func (PageOpened) do(st *state) error {
	st.pages.open++
	st.pages.closed = false
	return nil
}

// PageClosed says that a page of the panel is gone.
type PageClosed struct{}

func (PageClosed) do(st *state) error {
	if st.pages.open--; st.pages.open == 0 {
		st.after(panelGrace, panelMissing{})
	}
	return nil
}

// panelMissing looks whether there still is no page of the panel.
type panelMissing struct{}

func (panelMissing) in(st *state) { st.pages.closed = st.pages.open == 0 }

// panelWanted means that the customer wants the panel again.
type panelWanted struct{}

func (panelWanted) in(st *state) {
	select {
	case st.session.panelWanted <- struct{}{}:
	default: // the panel has not handled the last wish
	}
}

// PanelWanted receives a value when the customer wants the panel to come to the front, or to be
// opened again.
func (s *Session) PanelWanted() <-chan struct{} { return s.panelWanted }
