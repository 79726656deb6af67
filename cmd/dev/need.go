package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// need is something the commands call, how to see that it is there, and the Debian packages that bring it.
type need struct {
	name     string
	found    func() bool
	packages []string
}

// compiler needs the headers too: gcc without libc6-dev is found and compiles nothing.
func compiler(ctx context.Context, sh shell) need {
	cc := strings.Fields(cmp.Or(sh.getenv("CC"), "gcc"))
	probe := append(cc, "-E", "-x", "c", "-include", "stdlib.h", "/dev/null")
	return need{"a C compiler", func() bool { return sh.quiet(ctx, probe...) }, []string{"gcc", "libc6-dev"}}
}

func browser(sh shell) need {
	return need{"chromium", func() bool { return browserPath(sh) != "" }, []string{"chromium"}}
}

func postgresPrograms() need {
	return need{"PostgreSQL", func() bool { return postgresBin() != "" }, []string{"postgresql"}}
}

// browserPath is the browser the tests drive, or "" when there is none.
func browserPath(sh shell) string {
	for _, name := range []string{sh.getenv("INSIGHTO_TEST_BROWSER"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// install brings what is missing with apt, and touches nothing when all is there.
func install(ctx context.Context, sh shell, needs ...need) error {
	var names, packages []string
	for _, n := range needs {
		if !n.found() {
			names, packages = append(names, n.name), append(packages, n.packages...)
		}
	}
	if len(packages) == 0 {
		return nil
	}
	apt, ok := aptGet(ctx, sh)
	if !ok {
		return fmt.Errorf("missing: %s, and this person may not install it. Run `apt-get install %s`, or what your system has for it, and try again",
			strings.Join(names, ", "), strings.Join(packages, " "))
	}
	// A source that is away does not matter if the lists at hand know the packages; the install says if they do not.
	if err := sh.run(ctx, append(apt, "update")...); err != nil && ctx.Err() == nil {
		fmt.Fprintln(sh.out, "  going on with the package lists that are here")
	}
	if err := sh.run(ctx, append(append(apt, "install", "-y", "--no-install-recommends"), packages...)...); err != nil {
		return err
	}
	for _, n := range needs {
		if !n.found() {
			return fmt.Errorf("%s is still missing after installing %s: install it by hand", n.name, strings.Join(n.packages, " "))
		}
	}
	return nil
}

// aptGet is the command line that installs packages without asking; not ok when there is no apt or no right to use it.
func aptGet(ctx context.Context, sh shell) ([]string, bool) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, false
	}
	// env, because sudo drops variables; no pseudo-terminal, because we run it outside the terminal's own group.
	line := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"}
	if os.Geteuid() == 0 {
		return line, true
	}
	return append([]string{"sudo", "-n"}, line...), sh.quiet(ctx, "sudo", "-n", "true")
}
