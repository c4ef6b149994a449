package accounts

import "effigate/domain"

// Hasher is hasher, for tests of its bounds without a database.
type Hasher = hasher

// What tests reach beside the methods of Service.
var (
	NewHasher   = newHasher
	NormalEmail = normalEmail
	KeyText     = keyText
	KeyToken    = keyToken
	Network     = network
)

// Turn waits for a turn to hash.
var Turn = (*hasher).turn

// Newcomer is newcomer.
func (s *Service) Newcomer(client domain.ClientID, issuer, subject string) domain.PersonID {
	return s.newcomer(client, issuer, subject)
}

// Seal and Open are of the box of a service.
func (s *Service) Seal(purpose string, owner domain.PersonID, plain []byte) string {
	return s.box.seal(purpose, owner.UUID, plain)
}

// Open is the other half of Seal.
func (s *Service) Open(purpose string, owner domain.PersonID, sealed string) ([]byte, error) {
	return s.box.open(purpose, owner.UUID, sealed)
}

// CheckPassword gives what is wrong with a password, or nothing.
func CheckPassword(password, name, email string) error {
	var check domain.Check
	checkPassword(&check, password, name, email)
	return check.Err()
}

// InBubble gives a hasher of the same bounds, whose channels belong to the calling bubble of synctest.
func (h *hasher) InBubble() *Hasher {
	return &hasher{turns: make(chan struct{}, cap(h.turns)), waiting: make(chan struct{}, cap(h.waiting)), nobody: h.nobody}
}
