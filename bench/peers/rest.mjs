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

const byId = async (path, ids) => {
  const rows = await get(`${path}?id=${ids.join(',')}&limit=${ids.length}`)
  const found = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => found.get(id) ?? null)
}

const byOwner = async (path, ownerOf, owners) => {
  const rows = await get(`${path}=${owners.join(',')}&limit=${ROWS_MAX}`)
  if (owners.length === 1) return [rows]
  const found = new Map(owners.map((owner) => [owner, []]))
  for (const row of rows) found.get(ownerOf(row)).push(row)
  return owners.map((owner) => found.get(owner))
}

export const organizations = async (ids) =>
  ids.length === 1
    ? [await get(`/tmf-api/party/v4/organization/${ids[0]}`)]
    : byId('/tmf-api/party/v4/organization', ids)
export const sims = (ids) => byId('/tmf-api/resourceInventoryManagement/v4/resource', ids)
export const products = (customers) =>
  byOwner(
    '/tmf-api/productInventory/v4/product?productSpecification.name=MobileLine&relatedParty.id',
    (row) => row.relatedParty[0].id,
    customers,
  )
export const bills = (accounts) =>
  byOwner(
    '/tmf-api/customerBillManagement/v4/customerBill?billingAccount.id',
    (row) => row.billingAccount.id,
    accounts,
  )

export const loaders = () => ({
  organization: new DataLoader(organizations),
  products: new DataLoader(products),
  sim: new DataLoader(sims, { maxBatchSize: IDS_MAX }),
  bills: new DataLoader(bills),
})

// Ids follow from each other by rule: org-0001 is the customer cus-0001 and has the account acc-0001.
export const companyId = (globalId) => Buffer.from(globalId, 'base64url').toString().split(':')[1]
export const customerId = (id) => `cus-${id.slice(4)}`
export const accountId = (id) => `acc-${id.slice(4)}`

const SIM_STATES = { standby: 'STANDBY', reserved: 'RESERVED', available: 'ACTIVE', suspended: 'SUSPENDED' }
const resource = (row, type) => row.realizingResource.find((each) => each['@referredType'] === type)

export const name = (organization) => organization.name
export const vatNumber = (organization) =>
  organization.organizationIdentification.find((each) => each.identificationType === 'VAT')?.identificationId
export const simId = (line) => resource(line, 'PhysicalResource')?.id

// How a row's own values are read: the same in every peer.
export const rowResolvers = {
  Line: { __resolveType: () => 'MobileLine' },
  MobileLine: { number: (row) => resource(row, 'LogicalResource')?.value },
  Sim: {
    iccid: (row) => row.serialNumber,
    state: (row) => SIM_STATES[row.resourceStatus] ?? 'UNKNOWN',
  },
  Invoice: {
    number: (row) => row.billNo,
    issuedOn: (row) => row.billDate.slice(0, 10),
    total: (row) => row.taxIncludedAmount,
  },
  Money: { amount: (money) => String(money.value), currency: (money) => money.unit },
}

// Resolvers by DataLoader, for the servers that leave batching to it.
export const resolvers = {
  ...rowResolvers,
  Query: { company: (_, { id }) => ({ id, key: companyId(id) }) },
  Company: {
    name: async (company, _, { loaders }) => name(await loaders.organization.load(company.key)),
    vatNumber: async (company, _, { loaders }) => vatNumber(await loaders.organization.load(company.key)),
    lines: async (company, { first }, { loaders }) => ({
      nodes: (await loaders.products.load(customerId(company.key))).slice(0, first),
    }),
    invoices: async (company, { first }, { loaders }) => ({
      nodes: (await loaders.bills.load(accountId(company.key))).slice(0, first),
    }),
  },
  MobileLine: { ...rowResolvers.MobileLine, sim: (line, _, { loaders }) => loaders.sim.load(simId(line)) },
}
