package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// mirror keeps the chain head in a file of its own, so that records which disappear from Pebble are noticed.
//
// It is written after a group is durable and before its writers are answered, hence never claims more than is there. It
// is not synced each time: the page cache survives the death of the process, and after a loss of power the mirror may
// lag by mirrorLag, never lead. The two slots stand in blocks of their own, and only the slot that was not synced last
// is overwritten, so that a torn write leaves the other one whole.
type mirror struct {
	file     vfs.File
	sequence uint64
	slot     int64 // being written; the other one is durable
	dirty    bool
}

const (
	mirrorStride = 4096
	mirrorBytes  = 8 + headBytes + 4
)

// openMirror returns the mirror and the head it last recorded. A file that does not exist is created with an empty head;
// it gets its name only when it is whole, so an unreadable one is always damage.
func openMirror(fs vfs.FS, path string) (m *mirror, head Head, err error) {
	if _, err := fs.Stat(path); err != nil {
		m, err := createMirror(fs, path)
		return m, emptyHead(), err
	}
	file, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, Head{}, fmt.Errorf("open mirrored head: %w", err)
	}
	sequence, slot, head, err := newestSlot(file)
	if err != nil {
		return nil, Head{}, errors.Join(err, file.Close())
	}
	return &mirror{file: file, sequence: sequence, slot: 1 - slot}, head, nil
}

func createMirror(fs vfs.FS, path string) (*mirror, error) {
	file, err := fs.OpenReadWrite(path+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("create mirrored head: %w", err)
	}
	m := &mirror{file: file}
	err = m.write(emptyHead())
	if err == nil {
		err = m.sync()
	}
	if err == nil {
		err = fs.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDirectory(fs, fs.PathDir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("create mirrored head: %w", errors.Join(err, file.Close()))
	}
	return m, nil
}

// write records a head in the page cache.
func (m *mirror) write(head Head) error {
	m.sequence++
	slot := binary.BigEndian.AppendUint64(make([]byte, 0, mirrorBytes), m.sequence)
	slot = append(slot, head.encode()...)
	slot = binary.BigEndian.AppendUint32(slot, crc32.Checksum(slot, castagnoli))
	if _, err := m.file.WriteAt(slot, m.slot*mirrorStride); err != nil {
		return fmt.Errorf("write mirrored head: %w", err)
	}
	m.dirty = true
	return nil
}

// sync makes the last write durable and turns to the other slot.
func (m *mirror) sync() error {
	if !m.dirty {
		return nil
	}
	if err := m.file.SyncData(); err != nil {
		return fmt.Errorf("sync mirrored head: %w", err)
	}
	m.dirty = false
	m.slot = 1 - m.slot
	return nil
}

func (m *mirror) close() error { return errors.Join(m.sync(), m.file.Close()) }

// readMirror returns the newest whole head of the file, or a DamageError.
func readMirror(fs vfs.FS, path string) (Head, error) {
	file, err := fs.Open(path)
	if err != nil {
		return Head{}, fmt.Errorf("read mirrored head: %w", err)
	}
	_, _, head, err := newestSlot(file)
	return head, errors.Join(err, file.Close())
}

// newestSlot finds the whole slot with the higher sequence number.
func newestSlot(file vfs.File) (sequence uint64, slot int64, head Head, err error) {
	slot = -1
	for i := range int64(2) {
		number, found, whole, err := readSlot(file, i)
		if err != nil {
			return 0, 0, Head{}, fmt.Errorf("read mirrored head: %w", err)
		}
		if whole && (slot < 0 || number > sequence) {
			sequence, slot, head = number, i, found
		}
	}
	if slot < 0 {
		return 0, 0, Head{}, &DamageError{Reason: "the mirrored head is unreadable"}
	}
	return sequence, slot, head, nil
}

func readSlot(file vfs.File, slot int64) (sequence uint64, head Head, whole bool, err error) {
	raw := make([]byte, mirrorBytes)
	if n, err := file.ReadAt(raw, slot*mirrorStride); n < len(raw) {
		if errors.Is(err, io.EOF) {
			err = nil // Never written, or cut off: not whole.
		}
		return 0, Head{}, false, err
	}
	body, sum := raw[:mirrorBytes-4], binary.BigEndian.Uint32(raw[mirrorBytes-4:])
	head, whole = decodeHead(body[8:])
	return binary.BigEndian.Uint64(body), head, whole && crc32.Checksum(body, castagnoli) == sum, nil
}
