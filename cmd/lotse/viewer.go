package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"lotse/cmd/lotse/say"
	"lotse/rfb"
)

// passwordLetters are the characters of a password. VncAuth uses eight of them, which have 48 bits.
const passwordLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const passwordLength = 8

// Placeholders in a viewer's arguments.
const (
	placeAddress  = "{}"       // host::port
	placePassword = "{passwd}" // a file with the password, as vncpasswd writes it
)

// passwordEnv is the environment variable in which TigerVNC and others look for the password.
// On a command line every user of the computer could read it.
const passwordEnv = "VNC_PASSWORD"

// passwordFlags are the flags with which known viewers take a password file, by the program's name
// without ".exe".
var passwordFlags = map[string][]string{
	"xtigervncviewer": {"-PasswordFile"},
	"xtightvncviewer": {"-passwd"},
	"ssvncviewer":     {"-passwd"},
	"vncsnapshot":     {"-passwd"},
}

// ownPasswordFlags in a viewer's arguments mean that the user provides the password himself.
var ownPasswordFlags = []string{"-passwd", "-passwordfile", "-autopass", "-p"}

// startedViewer is a viewer program that is started with the port's address.
type startedViewer struct {
	args []string
	// password is what the port demands once. "": the port demands none, because the program cannot
	// be given one without everybody seeing it.
	password string
	file     string // that contains the password; "": none
}

// newStartedViewer decides how the program gets a password. demand: the program takes it from its
// environment, according to the user.
func newStartedViewer(args []string, demand bool) *startedViewer {
	v := &startedViewer{args: slices.Clone(args)}
	asked := slices.ContainsFunc(args[1:], func(a string) bool { return strings.Contains(a, placePassword) })
	flags := passwordFlagsOf(args[0])
	if slices.ContainsFunc(args[1:], func(a string) bool {
		name, _, _ := strings.Cut(strings.ToLower(a), "=")
		return slices.Contains(ownPasswordFlags, "-"+strings.TrimLeft(name, "-"))
	}) {
		flags = nil
	}
	if asked {
		flags = nil // the user has placed it himself
	}
	if !asked && flags == nil && !demand {
		return v
	}
	if flags != nil {
		v.args = slices.Insert(v.args, 1, append(slices.Clone(flags), placePassword)...)
	}
	v.password = newPassword()
	return v
}

// maxLinks is the maximum number of symbolic links that are followed from a command.
const maxLinks = 10

// passwordFlagsOf returns the flags for a command, by its name or that of the target of its
// symbolic links: Debian's vncviewer is a link to one of several programs.
func passwordFlagsOf(command string) []string {
	path, err := exec.LookPath(command)
	if err != nil {
		path = command
	}
	for range maxLinks {
		name := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe")
		if flags := passwordFlags[name]; flags != nil {
			return flags
		}
		target, err := os.Readlink(path)
		if err != nil {
			return nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return nil
}

// newPassword draws a password for one viewer.
func newPassword() string {
	b := make([]byte, passwordLength)
	rand.Read(b) // never fails
	for i, c := range b {
		b[i] = passwordLetters[int(c)%len(passwordLetters)] // 64 divides 256
	}
	return string(b)
}

// writePassword creates the password file if an argument refers to it, readable only by its user,
// in a folder of its own.
func (v *startedViewer) writePassword() error {
	if v.password == "" || !slices.ContainsFunc(v.args, func(a string) bool { return strings.Contains(a, placePassword) }) {
		return nil
	}
	hidden, err := rfb.PasswordFile(v.password)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "lotse-view-") // 0700
	if err != nil {
		return say.Text("cli.view.noPlace", err)
	}
	v.file = filepath.Join(folder, "passwd")
	if err := os.WriteFile(v.file, hidden, 0o600); err != nil {
		v.forgetPassword()
		return say.Text("cli.view.noPlace", err)
	}
	return nil
}

// forgetPassword removes the file. It may be called more than once.
func (v *startedViewer) forgetPassword() {
	if v.file != "" {
		_ = os.RemoveAll(filepath.Dir(v.file))
	}
}

// command returns the program with its arguments, and an environment without our own secrets.
func (v *startedViewer) command(ctx context.Context, address string) *exec.Cmd {
	args, found := make([]string, 0, len(v.args)), false
	for _, a := range v.args[1:] {
		found = found || strings.Contains(a, placeAddress)
		args = append(args, strings.NewReplacer(placeAddress, address, placePassword, v.file).Replace(a))
	}
	if !found {
		args = append(args, address)
	}
	cmd := exec.CommandContext(ctx, v.args[0], args...)
	cmd.WaitDelay = endTimeout
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "LOTSE_") && !(v.password != "" && strings.HasPrefix(e, passwordEnv+"=")) {
			cmd.Env = append(cmd.Env, e)
		}
	}
	if v.password != "" {
		cmd.Env = append(cmd.Env, passwordEnv+"="+v.password)
	}
	return cmd
}
