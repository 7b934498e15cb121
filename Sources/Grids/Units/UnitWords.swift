// Room: Grids. The ways in which files write units that UDUNITS does not know, or knows as something else.

internal import GridFiles

enum UnitWords {
  /// Words that UDUNITS reads as another unit than files mean: millibarns among them.
  private static let misread: [String: String] = [
    "": "1", "-": "1", "mb": "millibar", "none": "1", "unitless": "1", "dimensionless": "1",
    "mbs": "millibar",
    // These it takes for degrees of arc times degrees Celsius.
    "degrees celsius": "degC", "degree celsius": "degC", "deg celsius": "degC",
    "degrees kelvin": "K", "degree kelvin": "K", "degrees fahrenheit": "degF",
  ]

  /// Words without capitals, blanks and underscores, and what they mean.
  private static let words: [String: String] = {
    var words: [String: String] = [:]
    for (meaning, spellings) in [
      "degC": [
        "degc", "degsc", "degreec", "degreesc", "degcelsius", "degreecelsius", "degreescelsius",
        "celsius", "celcius", "degcelcius", "degreescelcius", "centigrade", "degcentigrade",
        "degreescentigrade", "°c", "ºc",
      ],
      "K": [
        "degk", "degreek", "degreesk", "kelvin", "kelvins", "degkelvin", "degreeskelvin", "°k",
      ],
      "degF": ["degf", "degreef", "degreesf", "fahrenheit", "degfahrenheit", "°f"],
      "1e-3": ["psu", "pss", "pss-78", "pss78", "practicalsalinityunit", "practicalsalinityunits"],
      "1": [
        "fraction", "frac", "ratio", "nondimensional", "non-dimensional", "nodim", "nodimension",
        "none", "nounit", "nounits", "unitless", "dimensionless", "0-1", "(0-1)", "[0-1]", "index",
        "flag", "category", "class", "boolean", "logical", "[]", "()",
      ],
      "percent": ["pct", "percentage", "per cent", "perc", "[%]", "(%)"],
      "hPa": ["hpa", "hectopascal", "hectopascals", "mbar", "mbars", "millibar", "millibars"],
      "Pa": ["pa", "pascal", "pascals"], "kPa": ["kpa"],
      "dBZ": ["dbz", "dbzh", "dbze", "[dbz]"], "m": ["gpm", "geopotentialmeter", "gpmeters"],
      "dam": ["gpdm", "gpdam"], "W m-2": ["w/m2", "w/m^2", "wm-2", "w/m**2", "watt/m2", "wattm-2"],
      "degree": ["degreestrue", "degreetrue", "degree", "degrees", "deg", "degt"],
      "degrees_north": ["degreesnorth", "degreenorth", "degnorth", "degn"],
      "degrees_east": ["degreeseast", "degreeeast", "degeast", "dege"],
      "knot": ["kts", "knots", "knot", "kt"], "m s-1": ["mps", "ms-1", "m/sec"],
      "mm h-1": ["mmh-1", "mmhr-1", "mmph", "mm/hr", "mm/hour"],
      "g cm-3": ["gm/cc", "g/cc", "gm/cm3"],
    ] {
      for spelling in spellings { words[spelling] = meaning }
    }
    return words
  }()

  /// What `text` means where UDUNITS would take it for something else, or nil.
  static func corrected(_ text: String) -> String? { misread[text.trimmingBlanks.lowercased()] }

  /// What `text`, which UDUNITS does not know, may mean; the first that is a unit is taken.
  static func alternatives(to text: String) -> [String] {
    let small = text.lowercased()
    let plain = small.filter { !$0.isWhitespace && $0 != "_" && $0 != "." }
    var attempts = words[plain].map { [$0] } ?? []
    // Brackets around the whole: "[m s-1]".
    if let first = text.first, let last = text.last, "[(".contains(first), "])".contains(last) {
      attempts.append(String(text.dropFirst().dropLast()))
    }
    // METERS, CM/S: only where nothing is small, since mega and milli differ by their case.
    if text == text.uppercased(), text != small { attempts.append(small) }
    return attempts
  }
}
