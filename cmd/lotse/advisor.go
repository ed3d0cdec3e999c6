package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"lotse/config"
	"lotse/gateway"
)

const advisorUsage = `Usage: lotse advisor add NAME [--display "Anna Muster"] [--company "Example Support"]
       lotse advisor list
       lotse advisor remove NAME
       lotse advisor password NAME

  --data DIR       the gateway's data folder (default /var/lib/lotse)
  --config FILE    take the data folder from the gateway's settings
  --display TEXT   name that customers see
  --company TEXT   company that customers see

The password comes from LOTSE_PASSWORD or is asked for. A running gateway notices
each change; removing an advisor ends his sessions.
`

func (p *program) advisor(args []string) error {
	f := newFlags("advisor", advisorUsage)
	var data, file, display, company string
	f.StringVar(&data, "data", "", "")
	f.StringVar(&file, "config", "", "")
	f.StringVar(&display, "display", "", "")
	f.StringVar(&company, "company", "", "")
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
	g := config.DefaultGateway()
	if file != "" {
		if g, err = config.LoadGateway(file); err != nil {
			return err
		}
	}
	if data != "" {
		g.Data = data
	}
	accounts, err := gateway.OpenAccounts(g.Data)
	if err != nil {
		return err
	}
	if verb == "list" {
		return p.listAdvisors(accounts)
	}
	name := rest[1]
	password := ""
	if verb != "remove" {
		if password, err = p.password("Password of "+name+": ", true); err != nil {
			return err
		}
	}
	switch verb {
	case "add":
		err = accounts.Add(name, display, company, password)
	case "remove":
		err = accounts.Remove(name)
	case "password":
		err = accounts.SetPassword(name, password)
	}
	if err != nil {
		return fmt.Errorf("advisor %s %s: %w", verb, name, err)
	}
	_, err = fmt.Fprintf(p.stdout, "advisor %s: %s\n", name, map[string]string{"add": "added", "remove": "removed", "password": "password changed"}[verb])
	return err
}

func (p *program) listAdvisors(accounts *gateway.Accounts) error {
	list, err := accounts.List()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tDISPLAY\tCOMPANY\tSINCE")
	for _, a := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Name, a.Display, a.Company, a.Created.Local().Format(time.DateOnly))
	}
	return w.Flush()
}
