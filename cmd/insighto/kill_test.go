package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

// asProgram, when set, makes the test binary be the program itself, so that tests can kill it.
const asProgram = "INSIGHTO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// process is `insighto serve` in a process of its own.
type process struct {
	command *exec.Cmd
	url     string
}

// start returns when the server takes connections.
func (x *terminal) start() *process {
	x.t.Helper()
	p := &process{command: exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0", "--rate-limit", "0")}
	p.command.Env = append(os.Environ(), asProgram+"=1")
	for name, value := range x.env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	logs, err := p.command.StderrPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(p.kill)
	found := make(chan string)
	go func() {
		for scanner := bufio.NewScanner(logs); scanner.Scan(); {
			var line struct{ Msg string }
			_ = json.Unmarshal(scanner.Bytes(), &line)
			if at := ready.FindStringSubmatch(line.Msg); at != nil {
				found <- at[1]
			}
		}
		close(found)
	}()
	if p.url = <-found; p.url == "" {
		x.t.Fatal("serve ended before it was ready")
	}
	return p
}

// kill ends it without a chance to write anything more.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

func TestAKillLosesAtMostASecondOfTheLastUse(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		x := terminalOn(t, target).withAda()
		secret := strings.TrimSpace(x.createKey().out)
		for _, lives := range []time.Duration{1200 * time.Millisecond, 1450 * time.Millisecond, 1700 * time.Millisecond} {
			server := x.start()
			answered := time.Time{}
			for begun := time.Now(); time.Since(begun) < lives; {
				sent := time.Now()
				answer, err := http.Get(server.url + "/api/v1/key?api_key=" + secret)
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Fatal("a request failed")
				}
				answer.Body.Close()
				answered = sent
			}
			server.kill()
			used := x.keys()[0].LastUsedAt
			if used == nil || answered.Sub(*used) > time.Second {
				t.Errorf("after a kill: last used %v, want %v or at most a second before it", used, answered)
			}
		}
	})
}
