package commandstest_test

import (
	"testing"

	"effigate/commands"
	"effigate/commands/commandstest"
)

func TestLog(t *testing.T) {
	t.Parallel()
	commandstest.LogSuite(t, func(*testing.T) commands.Log { return commandstest.NewLog() })
}
