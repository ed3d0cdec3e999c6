package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	lotse    string
	seconds  int
	rate     int
	phases   string
	every    time.Duration
	maxRSS   int
	maxAudit int
	work     float64
	from     string
}

func (o *options) parse() {
	flag.StringVar(&o.lotse, "lotse", "bin/lotse", "the gateway's program")
	flag.IntVar(&o.seconds, "seconds", 60, "length of each phase")
	flag.IntVar(&o.rate, "rate", 300, "hostile requests per second and entrance")
	flag.StringVar(&o.phases, "phases", "", "phases, with commas; each is an entrance, all, or none; default: none, each entrance, all")
	flag.DurationVar(&o.every, "every", 2*time.Second, "time between honest tries")
	flag.IntVar(&o.maxRSS, "max-rss", 400, "bound of the gateway's memory, MiB")
	flag.IntVar(&o.maxAudit, "max-audit", 512, "bound of the audit trail's growth in a minute, KiB")
	flag.Float64Var(&o.work, "work", 0.05, "share of hostile programs that solve puzzles")
	flag.StringVar(&o.from, "from", "site", "where strangers come from: site, an IPv6 /48, or botnet, 300 IPv4 addresses of 300 networks")
	flag.Parse()
	if o.phases == "" {
		o.phases = "none," + strings.Join(entranceNames(), ",") + ",all"
	}
}

// insideEnv is set in the process inside the namespace, roleEnv in the process that floods.
const (
	insideEnv = "LOTSE_FLOOD_INSIDE"
	roleEnv   = "LOTSE_FLOOD_ENTRANCES"
)

func main() {
	var o options
	o.parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := errors.New("-from is site or botnet")
	switch {
	case o.from != "site" && o.from != "botnet":
	case os.Getenv(insideEnv) == "":
		err = enterNamespace()
	case os.Getenv(roleEnv) != "":
		err = flood(ctx, &o, strings.Split(os.Getenv(roleEnv), ","))
	default:
		err = measure(ctx, &o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

// enterNamespace runs this program again in a network namespace of its own.
func enterNamespace() error {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd.Run()
}

// These are the addresses in the namespace.
const (
	gatewayAddr = "fd00::1"
	gatewayIPv4 = "192.0.2.1"
	hostile     = "2001:db8:bad::"  // the strangers' /48
	honest      = "2001:db8:1000::" // the first of the honest users' /48s
)

// makeNetwork makes every address of 2001:db8::/32 and 10.0.0.0/16 local, and raises the limit
// of open files.
func makeNetwork() error {
	for _, args := range []string{
		"link set lo up", "-6 addr add " + gatewayAddr + "/128 dev lo nodad", "-6 route add local 2001:db8::/32 dev lo",
		"addr add " + gatewayIPv4 + "/32 dev lo", "route add local 10.0.0.0/16 dev lo",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	files.Cur = files.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files)
}

// measure runs the phases and judges them.
func measure(ctx context.Context, o *options) error {
	if err := makeNetwork(); err != nil {
		return err
	}
	var bad []string
	printHead()
	for _, phase := range strings.Split(o.phases, ",") {
		entrances := []string{phase}
		switch phase {
		case "all":
			entrances = entranceNames()
		case "none":
			entrances = nil
		default:
			if !slices.Contains(entranceNames(), phase) {
				return fmt.Errorf("no entrance %q; there are %s", phase, strings.Join(entranceNames(), ", "))
			}
		}
		r, err := runPhase(ctx, o, entrances)
		if err != nil {
			return fmt.Errorf("%s: %w", phase, err)
		}
		r.print(phase)
		for _, what := range r.judge(o) {
			bad = append(bad, phase+": "+what)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("bounds broken:\n  %s", strings.Join(bad, "\n  "))
	}
	return nil
}

// runPhase starts a gateway, floods it, and meanwhile makes the honest tries.
func runPhase(ctx context.Context, o *options, entrances []string) (*result, error) {
	dir, err := os.MkdirTemp("", "lotse-flood-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	g, err := startGateway(o, dir)
	if err != nil {
		return nil, err
	}
	defer g.stop()
	people, err := newPeople(g)
	if err != nil {
		return nil, err
	}
	defer people.close()
	if err := people.prepare(ctx); err != nil {
		return nil, fmt.Errorf("before the flood: %w", err)
	}
	floodDone, err := startFlood(o, g, entrances)
	if err != nil {
		return nil, err
	}
	before, cpu := g.auditSize(), g.processor()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.seconds)*time.Second)
	defer cancel()
	watched := make(chan int, 1)
	go func() { watched <- g.watchMemory(ctx) }()
	r := people.run(ctx, o.every)
	r.rss, r.audit, r.seconds = <-watched, g.auditSize()-before, o.seconds
	r.cpu = (g.processor() - cpu) / float64(o.seconds)
	r.hostile, err = floodDone()
	return r, err
}

// startFlood starts the hostile part as a process of its own. It has a low scheduling priority
// because real strangers use their own machines. done ends the process and returns its counts.
func startFlood(o *options, g *gatewayProcess, entrances []string) (done func() (string, error), err error) {
	if len(entrances) == 0 {
		return func() (string, error) { return "", nil }, nil
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), roleEnv+"="+strings.Join(entrances, ","), "LOTSE_FLOOD_CA="+filepath.Join(g.dir, "ca.pem"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, 10)
	return func() (string, error) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		return strings.TrimSpace(out.String()), err
	}, nil
}
