// swift-tools-version: 6.2
// A program that makes nowcasts with Squall as a library. A package of your own names the
// repository instead of the folder above:
//
//   .package(url: "https://github.com/OWNER/squall", from: "0.1.0")

import PackageDescription

let package = Package(
  name: "NowcastProgram",
  dependencies: [.package(name: "squall", path: "../..")],
  targets: [
    .executableTarget(
      name: "NowcastProgram", dependencies: [.product(name: "Squall", package: "squall")])
  ])
