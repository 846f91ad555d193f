// Reads a machine with node-zklib and prints what it found as one line of JSON: node node-zklib.js PORT
const ZKLib = require('node-zklib')

async function main () {
  const timeoutMs = 10000
  const portOfOwn = 5200 // for UDP, which is not used
  const machine = new ZKLib('127.0.0.1', Number(process.argv[2]), timeoutMs, portOfOwn)
  await machine.createSocket()
  const counts = await machine.getInfo()
  const users = await machine.getUsers()
  const records = await machine.getAttendances()
  await machine.disconnect()
  const error = users.err || records.err
  if (error) throw error
  const found = JSON.stringify({ counts, users: users.data, records: records.data })
  // Its timers would keep the process alive; leave once everything is written.
  process.stdout.write(`${found}\n`, () => process.exit(0))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
