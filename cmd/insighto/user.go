package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

type userCommand struct {
	Add        userAddCommand        `cmd:"" help:"Add a person to a team, which is made when it is new. The password is read from stdin; without one, a strong one is made and printed once."`
	Deactivate userDeactivateCommand `cmd:"" help:"Stop a person's password, sessions and keys at once."`
}

type userAddCommand struct {
	Email string `required:"" help:"The e-mail address to sign in with."`
	Name  string `required:"" help:"The person's name."`
	Team  string `required:"" help:"The team's name."`
	Role  string `help:"owner, admin or member. Without it: owner of a new team, member of another."`
}

// Run prints a made password on stdout, and everything else on stderr.
func (c *userAddCommand) Run(ctx context.Context, w *world) error {
	password, made, err := w.password()
	if err != nil {
		return err
	}
	store, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if c.Role == "" {
		if c.Role, err = usualRole(ctx, store, c.Team); err != nil {
			return err
		}
	}
	started := w.now().Truncate(time.Millisecond)
	user, team, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: c.Email, Name: c.Name, Team: c.Team, Member: c.Role, Password: password})
	if err != nil {
		return err
	}
	w.say("%s is %s of the team %s.", user.Email, c.Role, team.Name)
	if user.CreatedAt.Before(started) {
		w.say("That person was here already and keeps the password they have.")
		return nil
	}
	if !made {
		return nil
	}
	w.say("This password was made for them, and is shown only now:")
	_, err = fmt.Fprintln(w.out, password)
	return err
}

// usualRole makes the first person of a team its owner.
func usualRole(ctx context.Context, store *db.Store, team string) (string, error) {
	_, err := store.TeamNamed(ctx, strings.TrimSpace(team))
	if db.NotFound.Is(err) {
		return string(db.Owner), nil
	}
	return string(db.Member), err
}

// password reads one from stdin, the first line without its end; a terminal or an empty stdin gets a made one.
func (w *world) password() (password string, made bool, err error) {
	if !isTerminal(w.in) {
		const most = 8 * db.PasswordMax // what is longer is refused below, by its length
		line, err := bufio.NewReader(io.LimitReader(w.in, most)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, fmt.Errorf("the password cannot be read from stdin: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			return line, false, nil
		}
	}
	return madePassword(), true, nil
}

// madePassword gives 130 random bits in groups that can be read aloud.
func madePassword() string {
	text := strings.ToLower(rand.Text())
	var groups []string
	for len(text) > 5 {
		groups, text = append(groups, text[:5]), text[5:]
	}
	return strings.Join(append(groups, text), "-")
}

type userDeactivateCommand struct {
	Email string `required:"" help:"The person's e-mail address."`
}

// Run stops the person everywhere.
func (c *userDeactivateCommand) Run(ctx context.Context, w *world) error {
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	err = store.DeactivateUser(ctx, db.Operator(""), c.Email)
	if db.NotFound.Is(err) {
		return fmt.Errorf("nobody here has the e-mail address %q", c.Email)
	}
	if err != nil {
		return err
	}
	w.say("%s can no longer sign in, and their keys have stopped.", c.Email)
	return nil
}
