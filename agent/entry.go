package agent

import (
	"errors"
	"slices"
	"strings"

	"lotse/tunnel"
)

// Enter takes the number as the customer typed it, with an @ and the gateway or
// without. The error is for him.
func (s *Session) Enter(typed string) error {
	n, gateway, err := tunnel.ParseEntry(typed)
	switch {
	case err != nil && strings.Contains(typed, "@"):
		s.fail(&Failure{Code: "where", Message: err.Error()})
	case err != nil:
		s.fail(&Failure{Code: "format", Message: err.Error()})
	default:
		err = s.chooseGateway(gateway)
	}
	if err != nil {
		return err
	}
	s.EnterNumber(n)
	return nil
}

var (
	errNoGateway    = errors.New("which gateway? Type the number, an @ and the gateway's name, for example 482 193 057@support.example.com")
	errPinned       = errors.New("this program does not connect to that gateway")
	errOtherGateway = errors.New("this program was started for another gateway; type the number without the @ and what follows it")
)

// chooseGateway takes the gateway that the customer typed; "" is the one that is
// known already.
func (s *Session) chooseGateway(gateway string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.client.Gateway
	switch {
	case s.phase != phaseNumber || gateway == known && known != "":
		return nil
	case gateway == "" && known == "":
		err = errNoGateway
	case gateway == "":
		return nil
	case s.cfg.Fixed:
		err = errOtherGateway
	case len(s.cfg.Gateways) > 0 && !slices.Contains(s.cfg.Gateways, gateway):
		err = errPinned
	default:
		s.client.CloseIdle()
		s.client = s.client.At(gateway)
		return nil
	}
	s.failure = &Failure{Code: "where", Message: err.Error()}
	s.publishLocked()
	return err
}

// dialer is the client of the gateway that is in use.
func (s *Session) dialer() *tunnel.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}
