// Reads a machine with zklib, by UDP and without a buffer, and prints it as one line of JSON: node zklib.js PORT
const { promisify } = require('util')
const ZKLib = require('zklib')

async function main () {
  const options = { ip: '127.0.0.1', port: Number(process.argv[2]), inport: 5202, timeout: 10000 }
  const machine = new ZKLib(options)
  const ask = name => promisify(machine[name].bind(machine))()
  await ask('connect')
  const users = await ask('getUser')
  // It takes the OK that ends one reading for the first packet of the next.
  await new Promise(resolve => machine.socket.once('message', resolve))
  const records = await ask('getAttendance')
  process.stdout.write(`${JSON.stringify({ users, records })}\n`, () => process.exit(0))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
