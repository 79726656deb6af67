package webhook

import (
	"context"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	resultsAtOnce = 256
	retryWriting  = 500 * time.Millisecond
)

// write writes results, many in one transaction when they come fast, until there are no more to come.
func (c *Courier) write(ctx context.Context) {
	for first := range c.results {
		batch := []db.Result{first}
	gather:
		for len(batch) < resultsAtOnce {
			select {
			case r, more := <-c.results:
				if !more {
					break gather
				}
				batch = append(batch, r)
			default:
				break gather
			}
		}
		c.keep(ctx, batch)
		c.awake()
	}
}

// keep tries until the results are written, or as long as the claims last: after that they are sent again.
func (c *Courier) keep(ctx context.Context, batch []db.Result) {
	late := time.Now().Add(db.Lease)
	if c.stopping() {
		late = time.Now().Add(stopTimeout)
	}
	for told := false; ; told = true {
		err := c.store.FinishDeliveries(ctx, batch)
		if err == nil {
			return
		}
		if !told {
			c.log.Warn("results of webhooks wait for the database", "err", err)
		}
		if time.Now().After(late) {
			c.log.Error("results of webhooks were not kept; these are sent again", "deliveries", len(batch))
			return
		}
		time.Sleep(retryWriting)
	}
}
