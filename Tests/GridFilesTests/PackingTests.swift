// Tests of GridFiles: from stored numbers to physical ones, by the rules of CF 2.5.1 and 8.1.

import GridFiles
import TestSupport
import Testing

struct PackingCase: Sendable, CustomStringConvertible {
  var description: String
  var type: NetCDFType
  var attributes: NetCDFAttributes
  var stored: NetCDFValues
  /// NaN where missing.
  var expected: [Double]
  var isPrefilled = true
}

private let nan = Double.nan

private let cases: [PackingCase] = [
  PackingCase(
    description: "plain numbers stay as they are", type: .float, attributes: [:],
    stored: .float([1.5, -2, .nan, .infinity]), expected: [1.5, -2, nan, .infinity]),
  PackingCase(
    description: "scale and offset", type: .int16,
    attributes: ["scale_factor": .double([0.05]), "add_offset": .double([10])],
    stored: .int16([0, 20, -20]), expected: [10, 11, 9]),
  PackingCase(
    description: "fill is compared before unpacking", type: .int16,
    attributes: ["scale_factor": .double([2]), "_FillValue": .int16([4])],
    stored: .int16([2, 4, 8]), expected: [4, nan, 16]),
  PackingCase(
    description: "default fill where none is given", type: .int16, attributes: [:],
    stored: .int16([-32767, 5]), expected: [nan, 5]),
  PackingCase(
    description: "no default fill where the file was not prefilled", type: .int16,
    attributes: [:], stored: .int16([-32767, 5]), expected: [-32767, 5], isPrefilled: false),
  PackingCase(
    description: "default fill of floats", type: .float, attributes: [:],
    stored: .float([9.9692099683868690e+36, 1]), expected: [nan, 1]),
  PackingCase(
    description: "default fill gives way to one that is given", type: .int32,
    attributes: ["_FillValue": .int32([0])], stored: .int32([-2_147_483_647, 0]),
    expected: [-2_147_483_647, nan]),
  PackingCase(
    description: "bytes have no default fill", type: .uint8, attributes: [:],
    stored: .uint8([0, 255, 129]), expected: [0, 255, 129]),
  PackingCase(
    description: "missing_value is a vector and adds to the fill", type: .int32,
    attributes: ["_FillValue": .int32([-1]), "missing_value": .int32([-2, -3])],
    stored: .int32([-1, -2, -3, -4]), expected: [nan, nan, nan, -4]),
  PackingCase(
    description: "missing_value in another type", type: .int16,
    attributes: ["missing_value": .double([-999])], stored: .int16([-999, 1]),
    expected: [nan, 1]),
  PackingCase(
    description: "missing_value that the type cannot have", type: .int16,
    attributes: ["missing_value": .float([1e20])], stored: .int16([1, 2]), expected: [1, 2]),
  PackingCase(
    description: "double fill of a float is rounded before the comparison", type: .float,
    attributes: ["missing_value": .double([1e20])], stored: .float([1e20, 3]),
    expected: [nan, 3]),
  PackingCase(
    description: "NaN as fill", type: .double, attributes: ["_FillValue": .double([.nan])],
    stored: .double([.nan, 4]), expected: [nan, 4]),
  PackingCase(
    description: "valid_range in stored numbers", type: .uint16,
    attributes: ["scale_factor": .float([0.5]), "valid_range": .uint16([2, 6])],
    stored: .uint16([1, 2, 6, 7]), expected: [nan, 1, 3, nan]),
  PackingCase(
    description: "valid_range in physical numbers, told by its type", type: .int16,
    attributes: ["scale_factor": .float([0.5]), "valid_range": .float([2, 6])],
    stored: .int16([3, 4, 12, 13]), expected: [nan, 2, 6, nan]),
  PackingCase(
    description: "valid_min alone", type: .float, attributes: ["valid_min": .float([0])],
    stored: .float([-0.5, 0, 7]), expected: [nan, 0, 7]),
  PackingCase(
    description: "valid_max alone", type: .int8, attributes: ["valid_max": .int8([5])],
    stored: .int8([5, 6, -6]), expected: [5, nan, -6]),
  PackingCase(
    description: "_Unsigned bytes of NetCDF-3", type: .int8,
    attributes: [
      "_Unsigned": "true", "_FillValue": .int8([-1]), "scale_factor": .double([0.5]),
      "valid_range": .int16([0, 200]),
    ],
    stored: .uint8([255, 200, 201, 1]), expected: [nan, 100, nan, 0.5]),
  PackingCase(
    description: "64-bit fill is compared exactly", type: .int64,
    attributes: ["_FillValue": .int64([9_007_199_254_740_993])],
    stored: .int64([9_007_199_254_740_993, 9_007_199_254_740_992]),
    expected: [nan, 9_007_199_254_740_992]),
  PackingCase(
    description: "the default fill of long integers read without sign is exact", type: .int64,
    attributes: ["_Unsigned": "true"],
    stored: .uint64([9_223_372_036_854_775_810, 9_223_372_036_854_775_808]),
    expected: [nan, 0x1p63]),
  PackingCase(
    description: "a fill in single precision means the same number in double precision",
    type: .double, attributes: ["missing_value": .float([1e20])],
    stored: .double([1e20, Double(Float(1e20)), 1]), expected: [nan, nan, 1]),
  PackingCase(
    description: "a double range of packed floats is physical", type: .float,
    attributes: ["scale_factor": .double([10]), "valid_max": .double([20])],
    stored: .float([2, 3]), expected: [20, nan]),
  PackingCase(
    description: "quoted numbers", type: .int16,
    attributes: ["scale_factor": "0.25", "missing_value": "-9"], stored: .int16([-9, 8]),
    expected: [nan, 2]),
  PackingCase(
    description: "a scale of nothing makes all the offset", type: .int16,
    attributes: ["scale_factor": .double([0]), "add_offset": .double([7.5])],
    stored: .int16([3, -3]), expected: [7.5, 7.5]),
  PackingCase(
    description: "a scale that is no number makes all missing", type: .int16,
    attributes: ["scale_factor": .float([.nan])], stored: .int16([3]), expected: [nan]),
  PackingCase(
    description: "scale and offset of whole numbers", type: .int8,
    attributes: ["scale_factor": .int16([2]), "add_offset": .int32([-5])],
    stored: .int8([3]), expected: [1]),
  PackingCase(
    description: "a fill of doubles is compared before a single-precision scale rounds",
    type: .double, attributes: ["_FillValue": .double([0.1]), "scale_factor": .float([0.5])],
    stored: .double([0.1, Double(Float(0.1))]), expected: [nan, Double(Float(0.1)) / 2]),
  PackingCase(
    description: "a fill of long numbers is compared before a single-precision scale rounds",
    type: .int32, attributes: ["_FillValue": .int32([.max]), "scale_factor": .float([0.5])],
    stored: .int32([.max, .max - 1]), expected: [nan, 1_073_741_823]),
  PackingCase(
    description: "NaN among the fills of integers is none", type: .int16,
    attributes: ["_FillValue": .int16([4]), "missing_value": .float([.nan, 5])],
    stored: .int16([4, 5, 0]), expected: [nan, nan, 0]),
  PackingCase(
    description: "a fill in text", type: .float, attributes: ["_FillValue": "-999.9f"],
    stored: .float([-999.9, 1]), expected: [nan, 1]),
  PackingCase(
    description: "missing values listed in text", type: .int16,
    attributes: ["missing_value": "-99, -999s"], stored: .int16([-99, -999, 1]),
    expected: [nan, nan, 1]),
  PackingCase(
    description: "text that is no number is no fill", type: .int16,
    attributes: ["missing_value": "land 5"], stored: .int16([5]), expected: [5]),
  PackingCase(
    description: "the largest long integer as floating point has it", type: .int64,
    attributes: ["missing_value": .double([0x1p63])], stored: .int64([.max, .max - 1]),
    expected: [nan, 0x1p63]),
  PackingCase(
    description: "the largest unsigned long integer as floating point has it", type: .uint64,
    attributes: ["missing_value": .float([0x1p64])], stored: .uint64([.max, 1]),
    expected: [nan, 1]),
  PackingCase(
    description: "missing_value is read without sign as the numbers are", type: .int16,
    attributes: ["_Unsigned": "true", "missing_value": .int16([-1, -2])],
    stored: .uint16([65535, 65534, 7]), expected: [nan, nan, 7]),
  PackingCase(
    description: "missing_value may be as the numbers are read", type: .int8,
    attributes: ["_Unsigned": "true", "missing_value": .int16([200])],
    stored: .uint8([200, 7]), expected: [nan, 7]),
  PackingCase(
    description: "a range in physical numbers takes in what packs to its ends", type: .int16,
    attributes: ["scale_factor": .float([0.1]), "valid_range": .float([0.3, 0.7])],
    stored: .int16([2, 3, 7, 8]),
    expected: [nan, Double(Float(0.1)) * 3, Double(Float(0.1)) * 7, nan]),
  PackingCase(
    description: "a range of fractions for integers", type: .int16,
    attributes: ["valid_range": .float([0.5, 2.5])], stored: .int16([0, 1, 2, 3]),
    expected: [nan, 1, 2, nan]),
  PackingCase(
    description: "a range in another precision is rounded first", type: .float,
    attributes: ["valid_max": .double([0.1])], stored: .float([0.1, 0.2]),
    expected: [Double(Float(0.1)), nan]),
  PackingCase(
    description: "a range the wrong way round says nothing", type: .int16,
    attributes: ["valid_range": .int16([10, -10])], stored: .int16([20, 0]), expected: [20, 0]),
  PackingCase(
    description: "a range of three says nothing", type: .int16,
    attributes: ["valid_range": .int16([1, 2, 3])], stored: .int16([9]), expected: [9]),
  PackingCase(
    description: "a bound that the type cannot reach is none", type: .uint8,
    attributes: ["valid_min": .int16([-1]), "valid_max": .int16([300])],
    stored: .uint8([0, 255]), expected: [0, 255]),
]

private let unsignedCases: [(flag: NetCDFValues, type: NetCDFType, expected: NetCDFType)] = [
  ("true", .int8, .uint8), ("True", .int16, .uint16), ("TRUE", .int32, .uint32),
  ("true ", .int64, .uint64), ("true", .uint8, .uint8), ("false", .uint8, .int8),
  ("False", .uint32, .int32), ("FALSE", .int16, .int16), ("yes", .int16, .int16),
  (.int8([1]), .int16, .int16), ("true", .float, .float), (.strings(["true"]), .int8, .uint8),
]

struct PackingTests {
  @Test(arguments: cases)
  func unpacks(_ example: PackingCase) throws {
    let packing = Packing(
      type: example.type, attributes: example.attributes, isPrefilled: example.isPrefilled)
    let doubles = try #require(packing.doubles(example.stored))
    #expect(doubles.map(\.bitPattern) == example.expected.map(\.bitPattern))
    let floats = try #require(packing.floats(example.stored))
    #expect(floats.map(\.bitPattern) == example.expected.map { Float($0).bitPattern })
  }

  @Test(arguments: unsignedCases.indices)
  func readsSigns(index: Int) {
    let (flag, type, expected) = unsignedCases[index]
    let packing = Packing(type: type, attributes: ["_Unsigned": flag])
    #expect(packing.storedType == expected)
  }

  @Test(arguments: [NetCDFType.float, .double], [1, 15, 63, 64, 65, 1023, 1100, 300_001])
  func erasesFillsWhereverTheyLie(type: NetCDFType, count: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("fills.nc")
    let writer = try NetCDFWriter(path: path)
    let x = try writer.addDimension("x", length: count)
    let fill = NetCDFValues(7, as: type)
    let attributes: NetCDFAttributes = [
      "_FillValue": try #require(fill), "missing_value": .int16([0, 11]),
    ]
    let variable = try writer.addVariable("v", type, [x], attributes: attributes)
    try writer.endDefinitions()
    // Fills come in the first numbers, in the last, and now and then.
    let stored = (0..<count).map { index -> Double in
      if index < 20 || index >= count - 20 { return Double(index % 13) }
      return index % 997 == 0 ? 7 : Double(index % 5 + 1)
    }
    try writer.write(
      type == .float ? .float(stored.map(Float.init)) : .double(stored), to: variable,
      start: [0], count: [count])
    try writer.commit()
    let file = try NetCDFFile(path: path)
    let v = try #require(file.variable("v"))
    let expected = stored.map { [7, 0, 11].contains($0) ? Double.nan : $0 }
    #expect(try file.doubles(of: v).map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(
      try file.floats(of: v).map(\.bitPattern) == expected.map { Float($0).bitPattern })
  }

  @Test func coordinatesHaveNothingMissing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("cut.nc")
    let writer = try NetCDFWriter(path: path)
    let x = try writer.addDimension("lon", length: 3)
    var variables: [NetCDFWriter.Variable] = []
    for name in ["lon", "v"] {
      variables.append(
        try writer.addVariable(name, .float, [x], attributes: ["valid_range": .float([0, 180])]))
    }
    try writer.endDefinitions()
    for variable in variables {
      try writer.write(.float([90, 180, 270]), to: variable, start: [0], count: [3])
    }
    try writer.commit()
    let file = try NetCDFFile(path: path)
    #expect(try file.floats(of: #require(file.variable("lon"))) == [90, 180, 270])
    let values = try file.floats(of: #require(file.variable("v")))
    #expect(Array(values[..<2]) == [90, 180] && values[2].isNaN)
  }

  @Test func textIsNoNumber() {
    let packing = Packing(type: .char, attributes: [:])
    #expect(packing.doubles(.text("12")) == nil && packing.floats(.strings(["12"])) == nil)
  }
}
