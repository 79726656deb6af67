package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is the built program on one database and one address, started as often as it is killed.
type server struct {
	program, database, address, url string
	log                             *os.File
	transport                       *http.Transport // of everybody who asks it, because a kill ends all connections
	cmd                             *exec.Cmd
	done                            chan struct{} // closed once the process is gone
}

// newServer does not start it. Its log goes to server.log in dir.
func newServer(program, database, dir string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	return &server{program: program, database: database, address: address, url: "http://" + address, log: log,
		transport: &http.Transport{MaxIdleConnsPerHost: 100}}, nil
}

// addUser makes a person on the command line, with a team of the same name when there is none.
func (s *server) addUser(ctx context.Context, email, name, team, role, password string) error {
	cmd := exec.CommandContext(ctx, s.program, "user", "add", "--database", s.database,
		"--email", email, "--name", name, "--team", team, "--role", role)
	cmd.Env, cmd.Stdin = s.environment(), strings.NewReader(password+"\n")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("insighto user add: %w\n%s", err, said)
	}
	return nil
}

// start returns when the server is ready to answer.
func (s *server) start(ctx context.Context) error {
	cmd := exec.Command(s.program, "serve", "--listen", s.address, "--database", s.database, "--base-url", s.url, "--rate-limit", "0")
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environment(), s.log, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	s.cmd, s.done = cmd, done
	go func() { _ = cmd.Wait(); close(done) }()

	late := time.After(30 * time.Second)
	client := &http.Client{Transport: s.transport, Timeout: 5 * time.Second}
	for {
		if res, err := client.Get(s.url + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("stopped")
		case <-s.done:
			return fmt.Errorf("insighto serve ended at start: %s", s.cmd.ProcessState)
		case <-late:
			return errors.New("insighto serve was not ready after 30 seconds")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// kill gives the process no chance to do anything.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
	// A kept connection to the dead process would fail the first request to the next one.
	s.transport.CloseIdleConnections()
}

// stop asks politely, and expects a clean end.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		return errors.New("insighto serve did not stop within 30 seconds of SIGTERM")
	}
	if !s.cmd.ProcessState.Success() {
		return fmt.Errorf("insighto serve after SIGTERM: %s, want exit status 0", s.cmd.ProcessState)
	}
	return nil
}

// close leaves no process behind, whatever happened before.
func (s *server) close() {
	if s.cmd != nil {
		s.kill()
	}
	s.log.Close()
}

// environment is ours without the person's own INSIGHTO_… settings.
func (s *server) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "INSIGHTO_") {
			env = append(env, v)
		}
	}
	return env
}
