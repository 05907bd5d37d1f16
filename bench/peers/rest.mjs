// What all Node peers share: the backend by undici, each read for many keys at once, and how rows become values.
import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import DataLoader from 'dataloader'

export const typeDefs = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8')
export const port = Number(process.env.PORT ?? 0)

const IDS_MAX = 100 // in one call, as the gateway asks
const ROWS_MAX = 1000
const pool = new Pool(process.env.BACKEND, { connections: 100 })

async function get(path) {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  if (statusCode !== 200) {
    await body.dump()
    throw new Error(`the backend answered ${statusCode}`)
  }
  return body.json()
}

// Rows become values of the graph at once: small parents are cheap for loaders that make keys of them, and graphql-jit
// reads plain properties without calling anything.
const SIM_STATES = { standby: 'STANDBY', reserved: 'RESERVED', available: 'ACTIVE', suspended: 'SUSPENDED' }
const resource = (row, type) => row.realizingResource.find((each) => each['@referredType'] === type)
const VALUE = {
  organization: (row) => ({
    name: row.name,
    vatNumber: row.organizationIdentification.find((each) => each.identificationType === 'VAT')?.identificationId,
  }),
  line: (row) => ({ number: resource(row, 'LogicalResource')?.value, simId: resource(row, 'PhysicalResource')?.id }),
  sim: (row) => ({ iccid: row.serialNumber, state: SIM_STATES[row.resourceStatus] ?? 'UNKNOWN' }),
  invoice: (row) => ({
    number: row.billNo,
    issuedOn: row.billDate.slice(0, 10),
    total: { amount: String(row.taxIncludedAmount.value), currency: row.taxIncludedAmount.unit },
  }),
}

const byId = async (path, value, ids) => {
  const rows = await get(`${path}?id=${ids.join(',')}&limit=${ids.length}`)
  const found = new Map(rows.map((row) => [row.id, value(row)]))
  return ids.map((id) => found.get(id) ?? null)
}

const byOwner = async (path, value, ownerOf, owners) => {
  const rows = await get(`${path}=${owners.join(',')}&limit=${ROWS_MAX}`)
  if (owners.length === 1) return [rows.map(value)]
  const found = new Map(owners.map((owner) => [owner, []]))
  for (const row of rows) found.get(ownerOf(row)).push(value(row))
  return owners.map((owner) => found.get(owner))
}

export const organizations = async (ids) =>
  ids.length === 1
    ? [VALUE.organization(await get(`/tmf-api/party/v4/organization/${ids[0]}`))]
    : byId('/tmf-api/party/v4/organization', VALUE.organization, ids)
export const sims = (ids) => byId('/tmf-api/resourceInventoryManagement/v4/resource', VALUE.sim, ids)
export const lines = (customers) =>
  byOwner(
    '/tmf-api/productInventory/v4/product?productSpecification.name=MobileLine&relatedParty.id',
    VALUE.line,
    (row) => row.relatedParty[0].id,
    customers,
  )
export const invoices = (accounts) =>
  byOwner(
    '/tmf-api/customerBillManagement/v4/customerBill?billingAccount.id',
    VALUE.invoice,
    (row) => row.billingAccount.id,
    accounts,
  )

export const loaders = () => ({
  organization: new DataLoader(organizations),
  lines: new DataLoader(lines),
  sim: new DataLoader(sims, { maxBatchSize: IDS_MAX }),
  invoices: new DataLoader(invoices),
})

// Ids follow from each other by rule: org-0001 is the customer cus-0001 and has the account acc-0001.
export const companyId = (globalId) => Buffer.from(globalId, 'base64url').toString().split(':')[1]
export const customerId = (id) => `cus-${id.slice(4)}`
export const accountId = (id) => `acc-${id.slice(4)}`

// Resolvers by DataLoader, for the servers that leave batching to it.
export const resolvers = {
  Query: { company: (_, { id }) => ({ key: companyId(id) }) },
  Company: {
    name: async (company, _, { loaders }) => (await loaders.organization.load(company.key)).name,
    vatNumber: async (company, _, { loaders }) => (await loaders.organization.load(company.key)).vatNumber,
    lines: async (company, { first }, { loaders }) => ({
      nodes: (await loaders.lines.load(customerId(company.key))).slice(0, first),
    }),
    invoices: async (company, { first }, { loaders }) => ({
      nodes: (await loaders.invoices.load(accountId(company.key))).slice(0, first),
    }),
  },
  Line: { __resolveType: () => 'MobileLine' },
  MobileLine: { sim: (line, _, { loaders }) => loaders.sim.load(line.simId) },
}
