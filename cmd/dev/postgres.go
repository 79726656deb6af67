package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postgres is a server in a folder of its own that forgets everything at stop.
type postgres struct {
	dir  string
	port int
	cmd  *exec.Cmd
	done chan struct{} // closed once the server is gone
}

var errEnded = errors.New("postgres ended at start")

// startPostgres returns when the server takes connections. It must be stopped, also after a failure of what used it.
func startPostgres(ctx context.Context, sh shell) (_ *postgres, err error) {
	start := time.Now()
	bin := postgresBin()
	owner, err := postgresOwner()
	if err != nil {
		return nil, err
	}
	// Not TMPDIR: the path of the socket inside may have 107 bytes at most.
	dir, err := os.MkdirTemp("/tmp", "ipg-")
	if err != nil {
		return nil, err
	}
	pg := &postgres{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, pg.stop())
		}
	}()
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(sh.out, "$ %s/postgres -D %s/data\n", bin, dir)
	if err := pg.initialise(ctx, bin, owner); err != nil {
		return nil, err
	}
	// Somebody may take the free port before the server does.
	for range 3 {
		if err = pg.launch(ctx, bin, owner); !errors.Is(err, errEnded) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(sh.out, "  %s, at %s\n", took(start), pg.url())
	return pg, nil
}

// url is the address of the server, for a person who may do everything.
func (pg *postgres) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", pg.port)
}

// stop ends the server at once, since nothing in it is kept, and removes its folder.
func (pg *postgres) stop() error {
	if pg.cmd != nil {
		_ = pg.cmd.Process.Signal(syscall.SIGQUIT)
		select {
		case <-pg.done:
		case <-time.After(10 * time.Second):
			_ = endGroup(pg.cmd, syscall.SIGKILL)
			<-pg.done
		}
	}
	return os.RemoveAll(pg.dir)
}

func (pg *postgres) initialise(ctx context.Context, bin string, owner *syscall.Credential) error {
	cmd := pg.command(ctx, owner, bin+"/initdb", "-D", "data", "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

// launch starts the server on a free port and waits until it is ready.
func (pg *postgres) launch(ctx context.Context, bin string, owner *syscall.Credential) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(pg.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	// Not ctx: the server stays until the tests that use it are gone.
	cmd := pg.command(context.WithoutCancel(ctx), owner, bin+"/postgres", "-D", "data", "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+pg.dir, "-c", "max_connections=200",
		"-c", "fsync=off", "-c", "full_page_writes=off")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	pg.port, pg.cmd, pg.done = port, cmd, done
	go func() { _ = cmd.Wait(); close(done) }()
	return pg.ready(ctx)
}

// ready reads the line in which the server itself says so: no client program, no driver.
func (pg *postgres) ready(ctx context.Context) error {
	late := time.After(time.Minute)
	for {
		if pid, err := os.ReadFile(filepath.Join(pg.dir, "data", "postmaster.pid")); err == nil {
			lines := strings.Split(string(pid), "\n")
			if len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("postgres: stopped")
		case <-pg.done:
			return fmt.Errorf("%w:\n%s", errEnded, pg.said())
		case <-late:
			return fmt.Errorf("postgres was not ready after a minute:\n%s", pg.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (pg *postgres) said() string {
	log, _ := os.ReadFile(filepath.Join(pg.dir, "log"))
	return string(log)
}

// command runs in the server's folder, which its owner may read, and without the PG… variables of the person's own server.
func (pg *postgres) command(ctx context.Context, owner *syscall.Credential, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = pg.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	return cmd
}

// postgresOwner is who the server runs as, nil for the person who asks: it refuses to run as root.
func postgresOwner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("postgres refuses to run as root, and there is neither a person postgres nor nobody: run this as somebody else")
}

// postgresBin is the folder of the newest initdb and postgres, or "". A link in the PATH is followed, because initdb
// looks for its neighbours beside itself.
func postgresBin() string {
	found, newest := "", -1
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, dir := range folders {
		version, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if version > newest && hasServer(dir) {
			found, newest = dir, version
		}
	}
	if found != "" {
		return found
	}
	link, err := exec.LookPath("initdb")
	if err != nil {
		return ""
	}
	path, err := filepath.EvalSymlinks(link)
	if err != nil || !hasServer(filepath.Dir(path)) {
		return ""
	}
	return filepath.Dir(path)
}

func hasServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// freePort was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
