package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/insighto/insighto/db"
)

type teamCommand struct {
	Quota teamQuotaCommand `cmd:"" help:"Set how many API requests a team may make in a month of UTC, or none. A running server goes by it within a second."`
}

type teamQuotaCommand struct {
	Team  string `required:"" help:"The team's name."`
	Quota string `arg:"" placeholder:"N|none" help:"A number of requests, from 1 on, or none for any number."`
}

// Run sets the quota, which is nothing that a running server has to be told.
func (c *teamQuotaCommand) Run(ctx context.Context, w *world) error {
	most, err := strconv.ParseInt(c.Quota, 10, 64)
	if c.Quota == "none" {
		most, err = 0, nil
	} else if err != nil || most < 1 || most > db.QuotaMax {
		return usageError{fmt.Sprintf("%q is no quota: give a number of requests a month, from 1 to %d, or none", c.Quota, db.QuotaMax)}
	}
	store, err := w.existing(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	team, err := teamNamed(ctx, store, c.Team)
	if err != nil {
		return err
	}
	if err := store.SetQuota(ctx, db.Operator(team.ID), most); err != nil {
		return err
	}
	if most == 0 {
		w.say("The team %s may make any number of API requests.", team.Name)
	} else {
		w.say("The team %s may make %d API requests a month.", team.Name, most)
	}
	return nil
}
