package db

import "time"

// quarter is fifteen minutes: every offset of a time zone in use is a multiple of it, so the quarters of a day can be
// added up to the days of any zone.
const (
	quarter  = 15 * time.Minute
	dayLong  = 24 * time.Hour
	quarters = int(dayLong / quarter)
)

// quarterOf is how many quarters have passed since 1970, rounded down.
func quarterOf(t time.Time) int64 { return floorDiv(t.UnixMilli(), quarter.Milliseconds()) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func quarterStart(q int64) time.Time { return time.UnixMilli(q * quarter.Milliseconds()).UTC() }

// hourLong is as fine as usage is kept.
const hourLong = time.Hour

// HourOf is the first millisecond of the hour that a moment lies in.
func HourOf(at time.Time) int64 {
	return floorDiv(at.UnixMilli(), hourLong.Milliseconds()) * hourLong.Milliseconds()
}

// monthOf is the UTC month of a moment, e.g. 2026-11.
func monthOf(at time.Time) string { return at.UTC().Format("2006-01") }

// nextHour is the first millisecond of the first hour that begins at t or later.
func nextHour(t time.Time) int64 {
	if hour := HourOf(t); hour == t.UnixMilli() {
		return hour
	}
	return HourOf(t) + hourLong.Milliseconds()
}

// MonthStart is when the UTC month of a moment begins.
func MonthStart(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// civil is the date of t as one number, e.g. 20261120.
func civil(t time.Time) int {
	year, month, day := t.Date()
	return (year*100+int(month))*100 + day
}

// DayIn gives when a date begins in a zone. Where the clock skips midnight, it begins with the skip, and time.Date may
// give a moment of the day before.
func DayIn(date time.Time, where *time.Location) time.Time {
	t := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, where)
	if t.Format(time.DateOnly) < date.Format(time.DateOnly) {
		_, t = t.ZoneBounds()
	}
	return t
}
