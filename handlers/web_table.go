package handlers

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// table is rows of cells under a header.
type table [][]string

// sendTable answers with a file of CSV, whose cells no spreadsheet takes for formulas.
func sendTable(c echo.Context, name string, rows table) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		for i := range row {
			row[i] = archive.Defused(row[i])
		}
		_ = w.Write(row) // memory takes all
	}
	w.Flush()
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, mediaOf[archive.CSV], b.Bytes())
}

var sumHeader = []string{"requests", "ok", "denied", "limited", "client", "server", "bytes", "milliseconds"}

func sumCells(n db.UsageCounts) []string {
	return []string{whole(n.Requests()), whole(n.Fine), whole(n.Denied), whole(n.Limited), whole(n.ClientFault), whole(n.ServerFault), whole(n.Bytes), whole(n.Micros / 1000)}
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func barTable(interval string, bars []db.UsageBar) table {
	rows := table{append([]string{interval}, sumHeader...)}
	for _, bar := range bars {
		rows = append(rows, append([]string{bar.Start}, sumCells(bar.UsageCounts)...))
	}
	return rows
}

func keyTable(keys []db.UsageShare) table {
	rows := table{append([]string{"key_id", "key_name", "deleted", "user_id", "user_name"}, sumHeader...)}
	for _, k := range keys {
		rows = append(rows, append([]string{k.KeyID, k.KeyName, strconv.FormatBool(k.Deleted), k.UserID, k.UserName}, sumCells(k.UsageCounts)...))
	}
	return rows
}

func routeTable(routes []db.UsageShare) table {
	rows := table{append([]string{"route"}, sumHeader...)}
	for _, r := range routes {
		rows = append(rows, append([]string{r.Route}, sumCells(r.UsageCounts)...))
	}
	return rows
}

func requestTable(requests []db.Request) table {
	rows := table{{"answered_at", "request_id", "method", "route", "status", "milliseconds", "bytes", "address", "user_agent", "stands_for"}}
	for _, r := range requests {
		rows = append(rows, []string{archive.Timestamp(r.At), r.ID, r.Method, r.Route, strconv.Itoa(r.Status), strconv.FormatFloat(float64(r.Took)/float64(time.Millisecond), 'f', 3, 64),
			whole(r.Bytes), r.Address, r.UserAgent, whole(r.Weight)})
	}
	return rows
}
