package projections

import "container/list"

// Cache holds values up to a bound of estimated bytes and drops the least recently used first. It is not
// safe for concurrent use. The zero Cache holds nothing.
type Cache[K comparable, V any] struct {
	limitBytes int
	bytes      int
	entries    map[K]*list.Element
	recent     list.List // most recently used first
	evicted    bool
}

type cached[K comparable, V any] struct {
	key   K
	value V
	bytes int
}

// NewCache makes a cache of at most that many estimated bytes.
func NewCache[K comparable, V any](limitBytes int) *Cache[K, V] {
	return &Cache[K, V]{limitBytes: limitBytes, entries: map[K]*list.Element{}}
}

// Get gives the value of the key, if held.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	element, ok := c.entries[key]
	if !ok {
		var none V
		return none, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cached[K, V]).value, true
}

// Put holds the value under the key and drops what no longer fits. A value above the bound is not held.
func (c *Cache[K, V]) Put(key K, value V, bytes int) {
	if c.entries == nil {
		return
	}
	if element, ok := c.entries[key]; ok {
		entry := element.Value.(*cached[K, V])
		c.bytes += bytes - entry.bytes
		entry.value, entry.bytes = value, bytes
		c.recent.MoveToFront(element)
	} else {
		c.entries[key] = c.recent.PushFront(&cached[K, V]{key: key, value: value, bytes: bytes})
		c.bytes += bytes
	}
	for c.bytes > c.limitBytes {
		c.evicted = true
		c.drop(c.recent.Back())
	}
}

// Remove forgets the key.
func (c *Cache[K, V]) Remove(key K) {
	if element, ok := c.entries[key]; ok {
		c.drop(element)
	}
}

// Evicted reports whether anything was ever dropped to make room. As long as nothing was, a cache that
// saw every value holds every value.
func (c *Cache[K, V]) Evicted() bool { return c.evicted }

func (c *Cache[K, V]) drop(element *list.Element) {
	entry := c.recent.Remove(element).(*cached[K, V])
	delete(c.entries, entry.key)
	c.bytes -= entry.bytes
}
