package webhook

import "time"

// schedule is how long each try waits for the one before: at once, then ever longer, for three days in all. Each wait is
// up to a fifth shorter or longer, so that what failed together does not come back together.
var schedule = []time.Duration{
	0, 5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// retryAfterMax is the longest that an endpoint may put us off.
const retryAfterMax = 24 * time.Hour

// wait gives how long to wait after a try has failed that had step tries before it, and whether to try again at all. random is from 0 up to 1; asked is what the endpoint asked for, which can only make it longer.
func wait(step int, random float64, asked time.Duration) (time.Duration, bool) {
	if step+1 >= len(schedule) {
		return 0, false
	}
	span := time.Duration(float64(schedule[step+1]) * (0.8 + 0.4*random))
	return max(span, min(asked, retryAfterMax)), true
}
