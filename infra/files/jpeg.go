package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errJPEG says that a picture is not built as JPEG pictures are.
var errJPEG = errors.New("the picture is damaged")

// The markers of a JPEG stream that matter here.
const (
	markSOF0  = 0xc0 // the first of those that describe the image
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markEXP   = 0xdf // the last of those that describe the image
	markAPP0  = 0xe0
	markAPP1  = 0xe1
	markAPP2  = 0xe2
	markAPP14 = 0xee
)

// The beginnings of the application segments that are kept, and of the one that tells how to turn the picture.
var (
	jfif  = []byte("JFIF\x00")
	icc   = []byte("ICC_PROFILE\x00")
	adobe = []byte("Adobe")
	exif  = []byte("Exif\x00\x00")
)

// stripJPEG copies a JPEG picture without what it tells about where, when, by what and by whom it was taken. Kept
// are the image itself to the byte, its colour profile and how it is to be turned; everything else is left out, with
// thumbnails and what follows the picture. Stripping twice is stripping once. A picture that is not built as it should
// be is errJPEG; errors of the two ends are passed on.
func stripJPEG(to io.Writer, from io.Reader) error {
	in, out := bufio.NewReader(from), bufio.NewWriter(to)
	start := make([]byte, 2)
	if _, err := io.ReadFull(in, start); err != nil || start[0] != 0xff || start[1] != markSOI {
		return damaged(err)
	}
	_, _ = out.Write(start) // Flush tells.
	for {
		marker, err := nextMarker(in)
		if err != nil {
			return damaged(err)
		}
		if marker == markEOI {
			_, _ = out.Write([]byte{0xff, markEOI})
			return out.Flush()
		}
		if marker < markSOF0 || markRST0 <= marker && marker <= markSOI {
			return errJPEG
		}
		segment, err := readSegment(in)
		if err != nil {
			return damaged(err)
		}
		if segment, kept := clean(marker, segment); kept {
			_, _ = out.Write(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(segment)+2)))
			_, _ = out.Write(segment)
		}
		if marker == markSOS {
			if err := copyScan(out, in); err != nil {
				return damaged(err)
			}
		}
	}
}

// damaged tells a picture that ends or goes on where it must not from one that did not arrive.
func damaged(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errJPEG
	}
	return err
}

// nextMarker reads a marker, and what may fill the space before it.
func nextMarker(in *bufio.Reader) (byte, error) {
	first, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	if first != 0xff {
		return 0, errJPEG
	}
	for {
		marker, err := in.ReadByte()
		if err != nil || marker != 0xff {
			return marker, err
		}
	}
}

// readSegment reads the content of a segment, at most 64 KiB.
func readSegment(in *bufio.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(length[:]))
	if size < 2 {
		return nil, errJPEG
	}
	segment := make([]byte, size-2)
	_, err := io.ReadFull(in, segment)
	return segment, err
}

// clean gives what is left of a segment.
func clean(marker byte, segment []byte) (_ []byte, kept bool) {
	switch {
	case marker == markAPP0 && bytes.HasPrefix(segment, jfif) && len(segment) >= 14:
		header := bytes.Clone(segment[:14])
		header[12], header[13] = 0, 0 // The thumbnail's size.
		return header, true
	case marker == markAPP1 && bytes.HasPrefix(segment, exif):
		turned := orientation(segment[len(exif):])
		return turned, turned != nil
	case marker == markAPP2 && bytes.HasPrefix(segment, icc), marker == markAPP14 && bytes.HasPrefix(segment, adobe):
		return segment, true
	}
	return segment, marker <= markEXP
}

// copyScan copies compressed image data up to the marker that ends it, which it leaves.
func copyScan(out *bufio.Writer, in *bufio.Reader) error {
	for {
		next, err := in.Peek(2)
		if err != nil {
			return err
		}
		stuffed := next[1] == 0 || next[1] == 0xff || markRST0 <= next[1] && next[1] <= markRST7
		if next[0] == 0xff && !stuffed {
			return nil
		}
		_ = out.WriteByte(next[0]) // Flush tells.
		_, _ = in.Discard(1)       // It was peeked at.
	}
}

// orientation gives an Exif segment that tells nothing but how the picture is to be turned; nil for one that is
// upright, and for an Exif header that cannot be read.
func orientation(tiff []byte) []byte {
	const tag, short, header, entrySize = 0x0112, 3, 8, 12
	if len(tiff) < header {
		return nil
	}
	var order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	} = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return nil
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entrySize {
			return nil
		}
		if turned := order.Uint16(entries[8:]); order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short && 2 <= turned && turned <= 8 {
			return fmt.Appendf(nil, "%sMM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00%c\x00\x00\x00\x00\x00\x00", exif, turned)
		}
		entries = entries[entrySize:]
	}
	return nil
}
