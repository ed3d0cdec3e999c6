package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lotse/manual"
)

// subcommand is one of lotse's commands. --help, the manual page and the completions are generated
// from it.
type subcommand struct {
	about manual.Command // without flags
	flags func() *flags  // defines its flags, to read their documentation
	run   func(p *program, ctx context.Context, args []string) error
}

// commands returns all commands, in the order of the help.
func commands() []subcommand {
	type runner = func(*program, context.Context, []string) error
	offline := func(run func(*program, []string) error) runner {
		return func(p *program, _ context.Context, args []string) error { return run(p, args) }
	}
	return []subcommand{
		{aboutGateway, func() *flags { return newGatewayFlags().flags }, (*program).gateway},
		{aboutAdvisor, func() *flags { return newAdvisorFlags().flags }, offline((*program).advisor)},
		{aboutAudit, func() *flags { return newAuditFlags().flags }, offline((*program).audit)},
		{aboutDoctor, func() *flags { return newDoctorFlags().flags }, (*program).doctor},
		{aboutLogin, func() *flags { return newLogin("login").flags }, (*program).login},
		{aboutLogout, func() *flags { return newLogin("logout").flags }, (*program).logout},
		{aboutSession, func() *flags { return newSessionFlags().flags }, (*program).session},
		{aboutView, func() *flags { return newViewFlags().flags }, (*program).view},
		{aboutShow, func() *flags { return newShowFlags().flags }, (*program).show},
		{aboutSend, func() *flags { return newLogin("send").flags }, (*program).send},
		{aboutReceive, func() *flags { return newLogin("receive").flags }, receive},
		{aboutRecord, func() *flags { return newLogin("record").flags }, recordSession},
		{aboutReplay, func() *flags { return newReplayFlags().flags }, replay},
		{aboutFilm, func() *flags { return newFilmFlags().flags }, makeFilm},
		{aboutVerify, func() *flags { return newFlags("verify") }, verify},
		{aboutStamp, func() *flags { return newStampFlags().flags }, offline((*program).stamp)},
		{
			aboutCompletion,
			func() *flags { return newFlags("completion") },
			offline((*program).completion),
		},
		{aboutMan, func() *flags { return newFlags("man") }, offline((*program).man)},
	}
}

// advisorCommands are the commands for advisors, in the user's language. The others are for
// operators, in English.
var advisorCommands = []string{"login", "logout", "session", "view", "show", "send", "receive", "record", "replay", "film", "verify"}

// find returns a command by its name.
func find(name string) (subcommand, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c subcommand) bool { return c.about.Name == name })
	if i < 0 {
		return subcommand{}, false
	}
	return all[i], true
}

const (
	summary   = "self-hosted remote support over VNC"
	exitCodes = `0 done; 1 failure; 2 wrong usage; 3 the gateway cannot be reached;
4 the sign-in was refused; 5 the number or session was refused, or it ended
before anybody joined.`
)

// usage returns the help of the program.
func usage() string {
	var b strings.Builder
	b.WriteString("lotse: self-hosted remote support. The customer runs lotse-agent.\n\nUsage:\n")
	for _, c := range commands() {
		for _, form := range c.about.Forms[:1] {
			line := "  lotse " + form
			if len(line) > 46 {
				fmt.Fprintf(&b, "%s\n%-46s %s\n", line, "", c.about.Summary)
				continue
			}
			fmt.Fprintf(&b, "%-46s %s\n", line, c.about.Summary)
		}
	}
	fmt.Fprintf(&b, "%-46s %s\n", "  lotse COMMAND --help", "the flags of a command")
	b.WriteString(
		"\nFlags of every command:\n" + manual.Help(commonFlags()) + "\nExit codes: " + exitCodes + "\n",
	)
	return b.String()
}

// help returns the help of one command.
func (c *subcommand) help() string {
	var b strings.Builder
	for i, form := range c.about.Forms {
		b.WriteString([]string{"Usage: lotse ", "       lotse "}[min(i, 1)] + form + "\n")
	}
	b.WriteString("\n" + c.about.About + "\n\n")
	if own := c.own(); len(own) > 0 {
		b.WriteString("Flags:\n" + manual.Help(own) + "\n")
	}
	b.WriteString("Flags of every command:\n" + manual.Help(commonFlags()))
	return b.String()
}

// own returns the flags of this command only.
func (c *subcommand) own() []manual.Flag {
	common := commonFlags()
	return slices.DeleteFunc(manual.Flags(c.flags().FlagSet), func(f manual.Flag) bool {
		return slices.ContainsFunc(common, func(g manual.Flag) bool { return f.Name == g.Name })
	})
}

// commonFlags returns the flags that every command has.
func commonFlags() []manual.Flag {
	return append(manual.Flags(newFlags("").FlagSet), manual.Flag{Name: "help", Doc: "print help"})
}

// page returns the content of the manual page and the completions.
func page() *manual.Program {
	p := &manual.Program{
		Name: "lotse", Summary: summary, Forms: []string{"COMMAND [flags]"},
		About: "Lotse is remote support with a server of your own. Customers start one small program or " +
			"open a page, type the number that their advisor tells them, and decide what he may see and " +
			"do. This program is the server (the gateway) and the advisor's end; the customer runs " +
			"lotse-agent.",
		Flags: commonFlags(), Exit: exitCodes, Also: []string{"lotse-agent"},
	}
	for _, c := range commands() {
		about := c.about
		about.Flags = c.own()
		p.Commands = append(p.Commands, about)
	}
	return p
}

var aboutCompletion = manual.Command{
	Name: "completion", Summary: "print a completion for a shell",
	Words: []string{"bash", "zsh", "fish"},
	Forms: []string{"completion bash|zsh|fish"},
	About: `Prints what the shell needs to complete lotse's commands and flags. The Debian package
installs it. Else, for example in ~/.bashrc:

  source <(lotse completion bash)`,
}

func (p *program) completion(args []string) error {
	f := newFlags("completion")
	rest, err := f.parse(p, args, 1)
	if err != nil {
		return err
	}
	about := page()
	write := map[string]func() []byte{"bash": about.Bash, "zsh": about.Zsh, "fish": about.Fish}[rest[0]]
	if write == nil {
		return f.wrong("%q is not bash, zsh or fish", rest[0])
	}
	_, err = p.stdout.Write(write())
	return err
}

var aboutMan = manual.Command{
	Name: "man", Summary: "print the manual page", Forms: []string{"man"},
	About: `Prints the manual page, for example for man -l -.`,
}

func (p *program) man(args []string) error {
	if _, err := newFlags("man").parse(p, args, 0); err != nil {
		return err
	}
	_, err := p.stdout.Write(page().Man())
	return err
}
