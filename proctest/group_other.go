//go:build !linux

package proctest

import "os/exec"

func setDeathSignal(*exec.Cmd) {}

func killGroup(int) {}
