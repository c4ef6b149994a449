package embedded

import (
	"context"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

// serverVersion is the release whose behaviour the node has. Clients read capabilities from it.
const serverVersion = "24.10.4"

// featuresServer tells clients, at every new connection, what the node can do.
type featuresServer struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods lists what exists, and nothing else: names are compared exactly.
func (featuresServer) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const service = "event_store.client.streams.streams"
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: serverVersion,
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: service, MethodName: "append"},
			{ServiceName: service, MethodName: "delete"},
			{ServiceName: service, MethodName: "tombstone"},
			{ServiceName: service, MethodName: "read", Features: []string{"position", "events"}},
		},
	}, nil
}

// gossipServer answers clients that expect a cluster: it has one member, which leads.
type gossipServer struct {
	gossip.UnimplementedGossipServer
	address net.Addr
}

// Read returns the one member under an address that clients can call.
func (g gossipServer) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	host, port := reachable(g.address), 0
	if tcp, ok := g.address.(*net.TCPAddr); ok {
		port = tcp.Port
	}
	host, _, err := net.SplitHostPort(host)
	if err != nil {
		return nil, err
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   wireID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(g.address.String()))),
		TimeStamp:    time.Now().UnixNano() / 100, //nolint:forbidigo // tells liveness, not history
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
	}}}, nil
}
