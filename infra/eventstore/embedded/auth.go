package embedded

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// anonymous are the services that a client calls before, or without, presenting its login.
var anonymous = []string{"/event_store.client.server_features.ServerFeatures/", "/event_store.client.gossip.Gossip/"}

// authenticator lets in whoever presents the one login.
type authenticator struct{ user, password string }

func (a authenticator) unary(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	if err := a.check(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

func (a authenticator) stream(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	err := a.check(stream.Context(), info.FullMethod)
	if err != nil && info.IsClientStream {
		discard(stream)
	}
	if err != nil {
		return err
	}
	return handler(server, stream)
}

// maxDiscardBytes is how much of a refused request is read from whoever has not logged in.
const maxDiscardBytes = 2 << 20

// discard reads a refused append to its end: a client that is still sending loses the reason of the refusal.
func discard(stream grpc.ServerStream) {
	for size := 0; size < maxDiscardBytes; {
		var message streams.AppendReq
		if stream.RecvMsg(&message) != nil {
			return
		}
		size += proto.Size(&message) + 1
	}
}

func (a authenticator) check(ctx context.Context, method string) error {
	for _, service := range anonymous {
		if strings.HasPrefix(method, service) {
			return nil
		}
	}
	for _, header := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		scheme, encoded, _ := strings.Cut(header, " ")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if strings.EqualFold(scheme, "basic") && err == nil && same(string(given), a.user+":"+a.password) {
			return nil
		}
	}
	return status.Error(codes.Unauthenticated, "Not Authenticated")
}

// same compares in a time that tells neither content nor length.
func same(a, b string) bool {
	left, right := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(left[:], right[:]) == 1
}

// loadPassword reads the password file, or makes a new one with 256 bits.
func loadPassword(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		if password := strings.TrimSpace(string(raw)); password != "" {
			return password, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read password: %w", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // Never fails: it would have ended the process.
	password := base64.RawURLEncoding.EncodeToString(secret)
	return password, writeSecret(path, []byte(password+"\n"))
}

// writeSecret replaces a file in one step, readable by its owner only.
func writeSecret(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // With mode 0600.
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
