package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"lotse/config"
	"lotse/gateway"
	"lotse/manual"
)

var aboutAdvisor = manual.Command{
	Name: "advisor", Summary: "keep the gateway's accounts",
	Words: []string{"add", "list", "remove", "password"},
	Forms: []string{
		"advisor add|list|remove|password NAME",
		`advisor add NAME [--display "Anna Muster"] [--company "Example Support"]`,
		"advisor list", "advisor remove NAME", "advisor password NAME",
	},
	About: `The password comes from LOTSE_PASSWORD or is asked for. A running gateway notices
each change; removing an advisor ends his sessions.`,
}

type advisorFlags struct {
	*flags
	dataFlags
	display, company string
}

func newAdvisorFlags() *advisorFlags {
	f := &advisorFlags{flags: newFlags("advisor")}
	f.dataFlags.define(f.flags)
	f.StringVar(&f.display, "display", "", "name that customers see (`TEXT`)")
	f.StringVar(&f.company, "company", "", "company that customers see (`TEXT`)")
	return f
}

// dataFlags select the gateway's data folder, for commands that work on it.
type dataFlags struct{ data, file string }

func (d *dataFlags) define(f *flags) {
	f.StringVar(&d.data, "data", "", "the gateway's data folder, `DIR` (default /var/lib/lotse)")
	f.StringVar(&d.file, "config", "", "take the data folder from the gateway's settings in `FILE`")
}

// folder returns the data folder.
func (d *dataFlags) folder() (string, error) {
	g := config.DefaultGateway()
	if d.file != "" {
		var err error
		if g, err = config.LoadGateway(d.file); err != nil {
			return "", err
		}
	}
	if d.data != "" {
		return d.data, nil
	}
	return g.Data, nil
}

func (p *program) advisor(args []string) error {
	f := newAdvisorFlags()
	if len(args) == 0 {
		return f.wrong("what shall be done? add, list, remove or password")
	}
	want := 2
	if args[0] == "list" {
		want = 1
	}
	rest, err := f.parse(p, args, want)
	if err != nil {
		return err
	}
	verb := rest[0]
	switch verb {
	case "add", "list", "remove", "password":
	default:
		return f.wrong("%q is not add, list, remove or password", verb)
	}
	folder, err := f.folder()
	if err != nil {
		return err
	}
	accounts, err := gateway.OpenAccounts(folder)
	if err != nil {
		return err
	}
	if verb == "list" {
		return listAdvisors(p.stdout, accounts)
	}
	name := rest[1]
	password := ""
	if verb != "remove" {
		ask := prompt{p.stdin, p.stderr, p.language}
		if password, err = ask.password(name, true); err != nil {
			return err
		}
	}
	switch verb {
	case "add":
		err = accounts.Add(name, f.display, f.company, password)
	case "remove":
		err = accounts.Remove(name)
	case "password":
		err = accounts.SetPassword(name, password)
	}
	if err != nil {
		return fmt.Errorf("advisor %s %s: %w", verb, name, err)
	}
	done := map[string]string{"add": "added", "remove": "removed", "password": "password changed"}[verb]
	_, err = fmt.Fprintf(p.stdout, "advisor %s: %s\n", name, done)
	return err
}

func listAdvisors(out io.Writer, accounts *gateway.Accounts) error {
	list, err := accounts.List()
	if err != nil {
		return err
	}
	var rows []string
	for _, a := range list {
		since := a.Created.Local().Format(time.DateOnly)
		rows = append(rows, strings.Join([]string{a.Name, a.Display, a.Company, since}, "\t"))
	}
	return printTable(out, "NAME\tDISPLAY\tCOMPANY\tSINCE", rows)
}
