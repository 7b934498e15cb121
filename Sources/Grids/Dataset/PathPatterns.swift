// Room: Grids. Lists of files from patterns such as `2016-*.nc`, for those whom no shell helps.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Patterns for the names of files.
public enum PathPatterns {
  /// The files that `patterns` name, in the order of the patterns and sorted within each.
  ///
  /// `*`, `?` and `[…]` stand for what they do in a shell; a name without them, or of a file that is
  /// there, stands for itself. A file that two patterns name comes once.
  /// Throws: `GridError` with code `noFiles` for a pattern that matches nothing.
  public static func expand(_ patterns: [String]) throws(GridError) -> [String] {
    var paths: [String] = []
    var seen: Set<String> = []
    for pattern in patterns {
      for path in try expand(pattern) where seen.insert(path).inserted { paths.append(path) }
    }
    return paths
  }

  private static func expand(_ pattern: String) throws(GridError) -> [String] {
    guard pattern.contains(where: { "*?[".contains($0) }), !pattern.utf8.contains(0),
      access(pattern, F_OK) != 0
    else { return [pattern] }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0, let names = found.gl_pathv else {
      throw GridError(
        .noFiles, "'\(pattern)' matches no file; check the folder and the pattern")
    }
    return (0..<Int(found.gl_pathc)).compactMap { names[$0].map { String(cString: $0) } }.sorted()
  }
}
