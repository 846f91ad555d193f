// Reads a machine with zkteco-js and prints what it found as one line of JSON: node zkteco-js.js PORT
const ZKTeco = require('zkteco-js')

async function main () {
  const timeoutMs = 10000
  const portOfOwn = 5201 // for UDP, which is not used
  const machine = new ZKTeco('127.0.0.1', Number(process.argv[2]), portOfOwn, timeoutMs)
  await machine.createSocket()
  const counts = await machine.getInfo()
  const users = await machine.getUsers()
  const records = await machine.getAttendances()
  await machine.disconnect()
  const found = JSON.stringify({ counts, users: users.data, records: records.data })
  process.stdout.write(`${found}\n`, () => process.exit(0))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
