package signin

// Device is device.
var Device = device
