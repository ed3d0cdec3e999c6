package proctest

import (
	"os/exec"
	"syscall"
)

// setDeathSignal has the system kill the program when this process dies, and puts it into a process
// group of its own.
func setDeathSignal(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// killGroup kills the children that a program left.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
