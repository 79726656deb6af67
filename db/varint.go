package db

import (
	"encoding/binary"
	"iter"
	"slices"
)

// Counters are packed into one column as varints, since most fit into a byte: those of usage, which only grow, without a
// sign, and those of conversations, which also go down, with one.

// pack writes the parts that are not empty, each as its number and its counters.
func (p *parts) pack() []byte {
	out := []byte{}
	for i, n := range p {
		if n != (UsageCounts{}) {
			for _, v := range []int64{int64(i), n.Fine, n.Denied, n.Limited, n.ClientFault, n.ServerFault, n.Bytes, n.Micros} {
				out = binary.AppendUvarint(out, uint64(v))
			}
		}
	}
	return out
}

// eachPart calls f for every part that was packed.
func eachPart(packed []byte, f func(part int, n UsageCounts)) {
	for n := (numbers{}); len(packed) > 0; {
		if packed = n.read(packed); packed != nil {
			f(int(n[0]), UsageCounts{Fine: n[1], Denied: n[2], Limited: n[3], ClientFault: n[4], ServerFault: n[5], Bytes: n[6], Micros: n[7]})
		}
	}
}

// addParts adds some of the parts that were packed: eachPart in a third of its time, for a page reads 60,000 of them.
func (c *UsageCounts) addParts(packed []byte, from, until int64) {
	for n := (numbers{}); len(packed) > 0; {
		if packed = n.read(packed); packed != nil && n[0] >= from && n[0] < until {
			c.Fine += n[1]
			c.Denied += n[2]
			c.Limited += n[3]
			c.ClientFault += n[4]
			c.ServerFault += n[5]
			c.Bytes += n[6]
			c.Micros += n[7]
		}
	}
}

// numbers are those of a packed part.
type numbers [8]int64

// read gives what comes after them, or nil when they cannot be read. It has to be fast, and most are one byte.
func (n *numbers) read(packed []byte) []byte {
	i := 0
	for k := range n {
		if i < len(packed) && packed[i] < 0x80 {
			n[k] = int64(packed[i])
			i++
			continue
		}
		v, width := binary.Uvarint(packed[i:])
		if width <= 0 {
			return nil
		}
		n[k] = int64(v)
		i += width
	}
	if n[0] < 0 || n[0] >= partsMax {
		return nil
	}
	return packed[i:]
}

// bundled adds a name and its parts, each after its length.
func bundled(to []byte, name string, packed []byte) []byte {
	to = append(binary.AppendUvarint(slices.Grow(to, len(name)+len(packed)+8), uint64(len(name))), name...)
	return append(binary.AppendUvarint(to, uint64(len(packed))), packed...)
}

// eachBundled calls f for every name in a bundle.
func eachBundled(packed []byte, f func(name, packed []byte)) {
	next := func() (field []byte) {
		n, width := binary.Uvarint(packed)
		if width <= 0 || n > uint64(len(packed)-width) {
			packed = nil
			return nil
		}
		field, packed = packed[width:width+int(n)], packed[width+int(n):]
		return field
	}
	for len(packed) > 0 {
		name := next()
		f(name, next())
	}
}

// packQuarters writes the quarters that are not empty, each as its number and its five counters.
func packQuarters(kept *[quarters]tally) []byte {
	out := []byte{}
	for q, t := range kept {
		if t != (tally{}) {
			for _, n := range []int64{int64(q), t.conversations, t.closed, t.voice, t.closedVoice, t.messages} {
				out = binary.AppendVarint(out, n)
			}
		}
	}
	return out
}

// unpackQuarters gives what packQuarters has written, by quarter.
func unpackQuarters(packed []byte) iter.Seq2[int, tally] {
	return func(yield func(int, tally) bool) {
		var n [6]int64
		for len(packed) > 0 {
			for i := range n {
				width := 1
				if len(packed) > 0 && packed[0] < 0x80 { // as most are
					n[i] = int64(packed[0]>>1) ^ -int64(packed[0]&1)
				} else if n[i], width = binary.Varint(packed); width <= 0 {
					return
				}
				packed = packed[width:]
			}
			if q := n[0]; q < 0 || q >= int64(quarters) || !yield(int(q), tally{n[1], n[2], n[3], n[4], n[5]}) {
				return
			}
		}
	}
}
