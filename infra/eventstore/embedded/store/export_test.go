package store

// DecodeFrame exposes the decoder of stored bytes to its fuzz test.
func DecodeFrame(at Position, frame []byte) (Event, error) {
	r, err := decodeFrame(at, frame)
	return r.Event, err
}

// EncodeFrame exposes the encoder; the event keeps its position.
func EncodeFrame(e Event) []byte {
	kind := kindBinary
	if e.JSON {
		kind = kindJSON
	}
	frame, _ := encodeFrame(digest{}, kind, e)
	return frame
}
