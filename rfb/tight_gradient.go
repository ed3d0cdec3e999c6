package rfb

// The gradient filter of Tight; rfbproto, section "Tight Encoding". Each colour component is
// replaced by its difference from the value predicted from the neighbours to the left and above.
// Photographs become small numbers and shrink to half or two thirds; text and drawings compress
// better without the filter.

// filtered appends e.words, rows of the given width, through the filter. A TPIXEL must have three
// bytes.
func (e *tightEncoder) filtered(b []byte, conv *converter, width int) ([]byte, error) {
	e.data = conv.appendTight(e.data[:0], e.words)
	row := 3 * width
	e.rest = grow(e.rest[:0], len(e.data))
	zeros := subtractGradient(e.rest, e.data, row)
	e.data, e.rest = e.rest, e.data
	stream := tightCodesStream
	if zeros > len(e.data)*3/4 {
		stream = tightFineStream // drawn by a program, so there are repetitions
	}
	return e.compress(append(b, byte(tightExplicit|stream<<4), tightGradient), stream)
}

// subtractGradient writes the residuals of in, whose rows have row bytes, to out, and returns how
// many of them are zero.
func subtractGradient(out, in []byte, row int) (zeros int) {
	for i := range min(row, len(in)) { // above the first row counts as black
		out[i] = in[i]
		if i >= 3 {
			out[i] -= in[i-3]
		}
		if out[i] == 0 {
			zeros++
		}
	}
	for at := row; at+row <= len(in); at += row {
		now, above, left := in[at:at+row], in[at-row:at], out[at:at+row]
		for i := range min(3, row) { // left of the first pixel counts as black
			left[i] = now[i] - above[i]
			if left[i] == 0 {
				zeros++
			}
		}
		for i := 3; i < row; i++ {
			expected := int(now[i-3]) + int(above[i]) - int(above[i-3])
			v := now[i] - byte(max(0, min(255, expected)))
			if left[i] = v; v == 0 {
				zeros++
			}
		}
	}
	return zeros
}
