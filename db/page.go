package db

// Page is which part of a list is asked for: Number from 1, Size from 1.
type Page struct {
	Number int64
	Size   int64
}

// List is one page of rows and how many rows there are in all, both of the same moment.
type List[T any] struct {
	Items []T
	Total int64
	Page  Page
}

// Pages is how many pages Total fills.
func (l List[T]) Pages() int64 { return (l.Total + l.Page.Size - 1) / l.Page.Size }

// offset is how many rows stand before the page. beyond tells that the page lies past the last row,
// so nothing has to be read; a product that would overflow counts as beyond.
func (p Page) offset(total int64) (offset int64, beyond bool) {
	if p.Number-1 > total/p.Size {
		return 0, true
	}
	offset = (p.Number - 1) * p.Size
	return offset, offset >= total
}
