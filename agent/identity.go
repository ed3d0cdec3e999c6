package agent

import (
	"os"
	"os/user"
	"runtime"

	"lotse/tunnel"
)

// identity is what the advisor learns about this computer. He learns the names, and the
// system's version, only after the
// customer has allowed something.
type identity struct {
	computer tunnel.Customer
	told     bool
}

// thisComputer reads the names of the computer and its user. system is Config.System.
func thisComputer(system string) tunnel.Customer {
	c := tunnel.Customer{System: runtime.GOOS + "/" + runtime.GOARCH, SystemName: short(system)}
	if u, err := user.Current(); err == nil {
		c.User = u.Username
	}
	c.Host, _ = os.Hostname()
	return c
}

// customer returns what the advisor may know now.
func (i *identity) customer() tunnel.Customer {
	if !i.told {
		return tunnel.Customer{System: i.computer.System}
	}
	return i.computer
}

// desktopName returns the desktop's name for viewers.
func (i *identity) desktopName() string {
	if host := i.customer().Host; host != "" {
		return short(host)
	}
	return "Lotse"
}
