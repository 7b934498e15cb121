// Room: ONNXFormat.
