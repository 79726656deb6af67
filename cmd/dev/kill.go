package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	verifiers = 8   // how many requests look at keys at once after a restart
	oldKeys   = 200 // how many keys of earlier rounds are looked at each time; the last round looks at all
	wrongKeys = 900 // how many keys are looked at between two starts: 1,000 that have ended slow their address down
)

// kill ends the program with SIGKILL under load, again and again, and then asks it for everything it had acknowledged.
//
// It shows that nothing acknowledged lives only in the process. It shows nothing about a power cut: the operating system
// keeps what a killed process wrote, synced or not.
func kill(ctx context.Context, sh shell, args []string) error {
	flags := flag.NewFlagSet("kill", flag.ContinueOnError)
	flags.SetOutput(sh.err)
	rounds := flags.Int("rounds", 100, "how many times to kill")
	database := flags.String("database", "", "a postgres:// URL, or a path; a new SQLite file when empty")
	visitors := flags.Int("visitors", 8, "how many people work at once")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil || flags.NArg() > 0 || *rounds < 1 || *visitors < 1 {
		fmt.Fprintln(sh.err, "Usage: go run ./cmd/dev kill [-rounds 100] [-visitors 8] [-database URL]")
		return exitCode(2)
	}
	program, err := compile(ctx, sh)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "insighto-kill-")
	if err != nil {
		return err
	}
	if *database == "" {
		*database = filepath.Join(dir, "kill.db")
	}
	srv, err := newServer(program, *database, dir)
	if err != nil {
		return err
	}
	defer srv.close()
	if err := torment(ctx, sh, srv, *rounds, *visitors); err != nil {
		return fmt.Errorf("%w\n  the server's log and its database are kept in %s", err, dir)
	}
	return os.RemoveAll(dir)
}

func torment(ctx context.Context, sh shell, srv *server, rounds, visitors int) error {
	start := time.Now()
	keys := &ledger{}
	people, m := make([]*visitor, visitors), &meter{}
	team := "Kill " + rand.Text()[:8] // of this run's own, so that a database may be used again
	for round := 1; round <= rounds; round++ {
		if err := invite(ctx, srv, team, people, keys); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if err := srv.start(ctx); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if err := verify(ctx, srv, people, keys, keys.due(oldKeys)); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if m.secret == "" {
			var err error
			if m.secret, err = people[0].createKey(ctx, "meter"); err != nil {
				return fmt.Errorf("make a key for the meter: %w", err)
			}
		}
		if err := m.check(ctx, srv, keys); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if err := load(ctx, srv, people, keys, m, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if round%10 == 0 || round == rounds {
			fmt.Fprintf(sh.out, "%4d rounds, %s: %s; %s\n", round, took(start), keys, m)
		}
	}
	for due := range slices.Chunk(keys.all(), wrongKeys) {
		if err := srv.start(ctx); err != nil {
			return fmt.Errorf("after the last kill: %w", err)
		}
		if err := verify(ctx, srv, people, keys, due); err != nil {
			return fmt.Errorf("after the last kill: %w", err)
		}
		if err := m.check(ctx, srv, keys); err != nil {
			return fmt.Errorf("after the last kill: %w", err)
		}
		if err := srv.stop(); err != nil {
			return err
		}
	}
	fmt.Fprintf(sh.out, "kill: %d kills in %s: %s; %s\n", rounds, took(start), keys, m)
	if rounds > 2 && m.total == 0 {
		return errors.New("nothing was shown: no count was old enough to be kept")
	}
	return keys.verdict()
}

// load lets everybody work, kills the program at a moment nobody chose, and returns when the last request has its answer
// or none. An error says that script and program disagree, not that something was lost.
func load(ctx context.Context, srv *server, people []*visitor, keys *ledger, m *meter, round int) error {
	working, over := context.WithCancel(ctx)
	defer over()
	quarrel := make(chan error, len(people))
	var wg sync.WaitGroup
	for i, v := range people {
		wg.Go(func() {
			// One signs in anew each round: a session is an acknowledged write like any other.
			if err := v.work(working, keys, round, i == round%len(people)); err != nil {
				quarrel <- err
			}
		})
	}
	wg.Go(func() { m.work(working, srv) })
	var err error
	select {
	case <-time.After(lifetime(round)):
	case err = <-quarrel:
	case <-srv.done:
		err = errors.New("the server ended by itself")
	case <-ctx.Done():
		err = errors.New("stopped")
	}
	// First the kill, then the end of the work: an answer that was given must be counted.
	killed := time.Now()
	srv.kill()
	over()
	wg.Wait()
	m.killed(killed)
	if err == nil {
		select {
		case err = <-quarrel:
		default:
		}
	}
	return err
}

// lifetime is how long a program lives. Every third lives long enough for counts that must not be lost.
func lifetime(round int) time.Duration {
	if round%3 == 0 {
		return time.Duration(1100+mathrand.IntN(900)) * time.Millisecond
	}
	return time.Duration(50+mathrand.IntN(750)) * time.Millisecond
}

// verify asks for what was acknowledged: every session that was opened, and the given keys.
func verify(ctx context.Context, srv *server, people []*visitor, keys *ledger, due []*key) error {
	for _, v := range people {
		in, err := v.signedIn(ctx)
		if err != nil {
			return err
		}
		if in {
			continue
		}
		if v.acknowledged {
			keys.lose("the session of %s", v.email)
		}
		if err := v.signIn(ctx); err != nil {
			return fmt.Errorf("%s signs in: %w", v.email, err)
		}
		keys.signedIn()
	}
	queue := make(chan *key)
	failed := make(chan error, verifiers)
	var wg sync.WaitGroup
	for range verifiers {
		wg.Go(func() { failed <- look(ctx, srv, keys, queue) })
	}
	err := feed(queue, due, failed)
	wg.Wait()
	close(failed)
	for one := range failed {
		err = cmp.Or(err, one)
	}
	return err
}

// look asks for the keys in the queue, until it is closed or an answer makes no sense.
func look(ctx context.Context, srv *server, keys *ledger, queue <-chan *key) error {
	for k := range queue {
		now, err := ask(ctx, srv, k.secret)
		if err != nil {
			return err
		}
		keys.found(k, now.standing)
	}
	return nil
}

func feed(queue chan<- *key, due []*key, failed <-chan error) error {
	defer close(queue)
	for _, k := range due {
		select {
		case queue <- k:
		case err := <-failed:
			return err
		}
	}
	return nil
}
