package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lotse/manual"
)

// TestEverythingIsTold: every command and every flag is documented in the help, on the manual page
// and in each completion.
func TestEverythingIsTold(t *testing.T) {
	p := page()
	man := strings.ReplaceAll(string(p.Man()), `\-`, "-")
	texts := map[string]string{
		"bash": string(p.Bash()),
		"zsh":  string(p.Zsh()),
		"fish": string(p.Fish()),
	}
	sections := strings.Split(man, "\n.SS lotse ")
	if len(sections) != len(commands())+1 {
		t.Fatalf("%d sections for %d commands", len(sections)-1, len(commands()))
	}
	for i, c := range commands() {
		name := c.about.Name
		if c.flags().Name() != name {
			t.Errorf("%s has the flags of %s", name, c.flags().Name())
		}
		if c.about.Summary == "" || c.about.About == "" || len(c.about.Forms) == 0 {
			t.Errorf("%s is not described", name)
		}
		if !strings.Contains(usage(), "  lotse "+name) || !strings.HasPrefix(sections[i+1], name+"\n") {
			t.Errorf("%s is not in the help or on the page", name)
		}
		for shell, text := range texts {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
				t.Errorf("%s completes no %s", shell, name)
			}
		}
		c.flags().VisitAll(func(f *flag.Flag) {
			value, doc := flag.UnquoteUsage(f)
			_, yesNo := f.Value.(interface{ IsBoolFlag() bool })
			if len(doc) < 10 || yesNo != (value == "") || value == "string" {
				t.Errorf("%s --%s: value %q, %q", name, f.Name, value, doc)
			}
			if !regexp.MustCompile(`(?m)^  --` + f.Name + `( |$)`).MatchString(c.help()) {
				t.Errorf("--%s is not in the help of %s", f.Name, name)
			}
			own := slices.ContainsFunc(
				p.Commands[i].Flags,
				func(o manual.Flag) bool { return o.Name == f.Name },
			)
			where := sections[i+1]
			if !own {
				_, where, _ = strings.Cut(man, ".SH FLAGS OF EVERY COMMAND")
			}
			if !regexp.MustCompile(`--` + f.Name + `\b`).MatchString(where) {
				t.Errorf("--%s of %s is not on the page", f.Name, name)
			}
			for shell, text := range texts {
				form := map[string]string{"bash": `--` + f.Name + `\b`, "zsh": `--` + f.Name + `\[`,
					"fish": `__fish_seen_subcommand_from ` + name + `' -l ` + f.Name + ` -d`}[shell]
				if !regexp.MustCompile(form).MatchString(text) {
					t.Errorf("%s completes no --%s of %s", shell, f.Name, name)
				}
			}
		})
	}
}

// TestManualPage formats the page with mandoc and man.
func TestManualPage(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, nil, "man")
	if code != exitOK || !strings.HasPrefix(out, ".TH LOTSE 1 ") {
		t.Fatalf("%d %s", code, errs)
	}
	file := filepath.Join(t.TempDir(), "lotse.1")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := false
	for _, args := range [][]string{{"mandoc", "-Tlint", "-Wwarning", file}, {"man", "--warnings", "-l", "-P", "cat", file}} {
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Logf("%s is not installed", args[0])
			continue
		}
		ran = true
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "MANWIDTH=100")
		var said bytes.Buffer
		cmd.Stderr = &said
		shown, err := cmd.Output()
		if err != nil || said.Len() > 0 || args[0] == "mandoc" && len(shown) > 0 {
			t.Errorf("%v: %v\n%s%s", args, err, said.String(), shown)
		}
		if args[0] == "man" && !strings.Contains(string(shown), "--listen-anyone") {
			t.Errorf("man shows\n%s", shown)
		}
	}
	if !ran {
		t.Skip("neither mandoc nor man is installed")
	}
}

// TestBashCompletion makes bash complete command lines; the last word is being typed.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal("bash is missing: apt-get install bash")
	}
	folder := t.TempDir()
	for name, dir := range map[string]bool{"settings.toml": false, "set": true} {
		path := filepath.Join(folder, name)
		if dir {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	code, script, errs := run(t, nil, "completion", "bash")
	if code != exitOK {
		t.Fatal(errs)
	}
	const try = `
words=("$@")
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
$(complete -p lotse | sed 's/.* -F \([^ ]*\) .*/\1/') lotse "${words[-1]}" "${words[-2]}"
printf '%s\n' "${COMPREPLY[@]}"
`
	for line, want := range map[string]string{
		"lotse ga":                      "gateway",
		"lotse a":                       "advisor audit",
		"lotse advisor ":                "add list password remove",
		"lotse advisor re":              "remove",
		"lotse audit ":                  "verify",
		"lotse session n":               "new",
		"lotse view 482193057 --lis":    "--listen --listen-anyone",
		"lotse gateway --log-format ":   "json text",
		"lotse gateway --config se":     "set settings.toml",
		"lotse gateway --data se":       "set",
		"lotse gateway --listen ":       "",
		"lotse doctor --i":              "--idle",
		"lotse completion f":            "fish",
		"lotse --v":                     "--version",
		"lotse nothing --":              "",
		"lotse stamp --key x --gat":     "--gateway",
		"lotse show 482193057 --sh":     "--share",
		"lotse session new --json --fo": "--foreign",
	} {
		words := strings.Split(line, " ")
		cmd := exec.Command(bash, append([]string{"--norc", "-c", script + try, "bash"}, words...)...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q is completed with %v, want %s", line, got, want)
		}
	}
}

// TestOtherShells makes zsh and fish read their completions, if they are installed.
func TestOtherShells(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"zsh", "fish"} {
		code, script, errs := run(t, nil, "completion", shell)
		if code != exitOK || script == "" {
			t.Fatalf("%d %s", code, errs)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		file := filepath.Join(t.TempDir(), "completion")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
		if shell == "fish" {
			const ask = "; complete -C 'lotse gateway --web'; complete -C 'lotse adv'"
			out, err := exec.Command(path, "--no-config", "-c", "source "+file+ask).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--websockify") ||
				!strings.Contains(string(out), "advisor") {
				t.Errorf("fish: %v\n%s", err, out)
			}
		}
	}
	if code, _, errs := run(t, nil, "completion", "csh"); code != exitUsage ||
		!strings.Contains(errs, "fish") {
		t.Errorf("%d %s", code, errs)
	}
}
