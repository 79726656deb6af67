package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"text/tabwriter"
	"time"

	"github.com/insighto/insighto/db"
)

type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Create a key and print it once; nothing else is on stdout."`
	List   keyListCommand   `cmd:"" help:"List a person's keys; a key itself is never shown again."`
	Revoke keyRevokeCommand `cmd:"" help:"Stop a key at once; it stays in the list."`
	Delete keyDeleteCommand `cmd:"" help:"Delete a key; if it is live it stops at once."`
}

// keyLine is a key on stdout.
type keyLine struct {
	ID          string     `json:"id"`
	Key         string     `json:"key,omitempty"` // only when it has just been made
	Prefix      string     `json:"prefix"`
	Name        string     `json:"name"`
	Role        string     `json:"role"`
	Description string     `json:"description"`
	Team        string     `json:"team"`
	Status      string     `json:"status"`
	CreatedAt   time.Time  `json:"created_at"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
}

func lineOf(k db.Key, team string) keyLine {
	l := keyLine{
		ID: k.ID, Prefix: k.Prefix, Name: k.Name, Role: k.Role.ID, Description: k.Description, Team: team,
		Status: "live", CreatedAt: k.CreatedAt,
	}
	if k.Revoked() {
		l.Status, l.RevokedAt = "revoked", &k.RevokedAt
	}
	if !k.LastUsed.At.IsZero() {
		l.LastUsedAt = &k.LastUsed.At
	}
	return l
}

type keyCreateCommand struct {
	User        string `required:"" help:"The e-mail address of the person whose key it is."`
	Team        string `required:"" help:"The team whose data it opens."`
	Name        string `required:"" help:"What the key is called in the list."`
	Role        string `required:"" help:"read_only, conversations_export, contacts_sync or full_access."`
	Description string `required:"" help:"What the key is for."`
	JSON        bool   `name:"json" help:"Print one JSON object with the key in it."`
}

// Run prints the key alone on stdout.
func (c *keyCreateCommand) Run(ctx context.Context, w *world) error {
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	p, err := store.MemberByEmail(ctx, c.User, c.Team)
	if db.NotFound.Is(err) {
		return fmt.Errorf("%q is in no team named %q: add them with insighto user add", c.User, c.Team)
	}
	if err != nil {
		return err
	}
	k, secret, err := store.CreateKey(ctx, p, db.NewKey{Name: c.Name, Role: c.Role, Description: c.Description})
	if err != nil {
		return err
	}
	w.say("This key is shown only now. Keep it like a password; insighto key revoke %s stops it.", k.ID)
	if !c.JSON {
		_, err = fmt.Fprintln(w.out, secret)
		return err
	}
	l := lineOf(k, c.Team)
	l.Key = secret
	return w.json(l)
}

type keyListCommand struct {
	User string `required:"" help:"The person's e-mail address."`
	JSON bool   `name:"json" help:"Print one JSON array."`
}

// Run lists the keys of every team that the person is in, newest first.
func (c *keyListCommand) Run(ctx context.Context, w *world) error {
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	p, err := store.MemberByEmail(ctx, c.User, "")
	if db.NotFound.Is(err) {
		return fmt.Errorf("nobody here has the e-mail address %q, or they were deactivated", c.User)
	}
	if err != nil {
		return err
	}
	all := db.Page{Number: 1, Size: math.MaxInt32}
	teams, err := store.Teams(ctx, p, all)
	if err != nil {
		return err
	}
	lines := []keyLine{}
	for _, team := range teams.Items {
		keys, err := store.Keys(ctx, db.Principal{TeamID: team.ID, UserID: p.UserID}, all)
		if err != nil {
			return err
		}
		for _, k := range keys.Items {
			lines = append(lines, lineOf(k, team.Name))
		}
	}
	if c.JSON {
		return w.json(lines)
	}
	return w.table(lines)
}

func (w *world) table(lines []keyLine) error {
	if len(lines) == 0 {
		w.say("No keys yet.")
		return nil
	}
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tPREFIX\tNAME\tROLE\tTEAM\tCREATED\tLAST USED\tSTATUS")
	for _, l := range lines {
		used := "never"
		if l.LastUsedAt != nil {
			used = minute(*l.LastUsedAt)
		}
		status := l.Status
		if l.RevokedAt != nil {
			status += " " + minute(*l.RevokedAt)
		}
		fmt.Fprintf(t, "%s\t%s…\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, l.Prefix, l.Name, l.Role, l.Team, minute(l.CreatedAt), used, status)
	}
	return t.Flush()
}

func minute(t time.Time) string { return t.Format("2006-01-02 15:04 UTC") }

// json prints a value on stdout for a script.
func (w *world) json(value any) error {
	e := json.NewEncoder(w.out)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

type keyRevokeCommand struct {
	ID string `arg:"" help:"The key's id, from insighto key list."`
}

// Run stops any key, whoever holds it.
func (c *keyRevokeCommand) Run(ctx context.Context, w *world) error {
	return w.withKey(ctx, c.ID, func(store *db.Store, p db.Principal) error {
		k, err := store.RevokeKey(ctx, p, c.ID)
		if err == nil {
			w.say("The key %q (%s…) is revoked since %s.", k.Name, k.Prefix, minute(k.RevokedAt))
		}
		return err
	})
}

type keyDeleteCommand struct {
	ID string `arg:"" help:"The key's id, from insighto key list."`
}

// Run deletes any key, whoever holds it.
func (c *keyDeleteCommand) Run(ctx context.Context, w *world) error {
	return w.withKey(ctx, c.ID, func(store *db.Store, p db.Principal) error {
		err := store.DeleteKey(ctx, p, c.ID)
		if err == nil {
			w.say("The key is deleted.")
		}
		return err
	})
}

// withKey calls f with the person whose key it is.
func (w *world) withKey(ctx context.Context, id string, f func(*db.Store, db.Principal) error) error {
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	p, err := store.KeyOwner(ctx, id)
	if err == nil {
		err = f(store, p)
	}
	if db.NotFound.Is(err) {
		return fmt.Errorf("there is no key with the id %q: insighto key list --user E shows the ids", id)
	}
	return err
}
