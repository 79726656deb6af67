package main

import (
	"context"
	"fmt"

	"github.com/insighto/insighto/db"
)

type migrateCommand struct{}

// Run makes the database when there is none, and brings its tables up to date.
func (c *migrateCommand) Run(ctx context.Context, w *world) error {
	store, err := w.open(ctx)
	if err != nil {
		return err
	}
	w.say("The database is up to date.")
	return store.Close()
}

type backupCommand struct {
	File string `arg:"" help:"The file to make. One that is there is never overwritten."`
}

// Run copies the database as it is, without touching its tables.
func (c *backupCommand) Run(ctx context.Context, w *world) error {
	if err := w.exists(); err != nil {
		return err
	}
	store, err := db.Connect(ctx, w.database, w.now)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Backup(ctx, c.File); err != nil {
		return err
	}
	w.say("Backed up to %s. To restore, stop insighto and put the file in the database's place.", c.File)
	return nil
}

// teamNamed gives the team that a flag names, or a sentence that tells how to make it.
func teamNamed(ctx context.Context, store *db.Store, name string) (db.Team, error) {
	team, err := store.TeamNamed(ctx, name)
	if db.NotFound.Is(err) {
		return team, fmt.Errorf("there is no team named %q: insighto user add --team %q makes it with its first person", name, name)
	}
	return team, err
}
