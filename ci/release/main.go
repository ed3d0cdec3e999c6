// Command release makes what a release needs in addition to the programs: the icon, Debian
// packages, the list of parts (SBOM) and their licences. ci/dist.sh calls it. Its output
// depends only on its inputs, not on the time of the call.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

const usage = `usage: release icon SIZE OUT.png
       release deb VERSION ARCH PROGRAM MANUAL OUT.deb   MANUAL is what ci/manual.sh wrote
       release agentpage SOURCE OUT.1    the manual page of lotse-agent
       release sbom VERSION OUT.json PROGRAM...
       release notices OUT.txt PROGRAM...
       release version VERSION     four numbers, as Windows wants them

SOURCE_DATE_EPOCH is the date of all that is written.
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	command, args := append(args, "")[0], args[min(1, len(args)):]
	switch {
	case command == "icon" && len(args) == 2:
		return icon(args[0], args[1])
	case command == "deb" && len(args) == 5:
		return deb(args[0], args[1], args[2], args[3], args[4])
	case command == "agentpage" && len(args) == 2:
		return agentPage(args[0], args[1])
	case command == "sbom" && len(args) > 2:
		return sbom(args[0], args[1], args[2:])
	case command == "notices" && len(args) > 1:
		return notices(args[0], args[1:])
	case command == "version" && len(args) == 1:
		fmt.Println(windowsVersion(args[0]))
		return nil
	}
	fmt.Fprint(os.Stderr, usage)
	return errors.New("wrong usage")
}

// date returns the release's date, which all its files have.
func date() (time.Time, error) {
	n, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return time.Time{}, errors.New("SOURCE_DATE_EPOCH is not set to seconds since 1970")
	}
	return time.Unix(n, 0).UTC(), nil
}
