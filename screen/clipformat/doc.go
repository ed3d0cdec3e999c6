// Package clipformat reads and writes the formats of Windows's clipboard that RFB's Extended
// Clipboard uses too: pictures as DIB, and HTML with a header of offsets.
package clipformat
