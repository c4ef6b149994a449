package private

// FindTools lets a test look where nothing is installed.
var FindTools = findTools

// ToolFolder tells where the found programs are.
func ToolFolder(t tools) string { return t.folder }
